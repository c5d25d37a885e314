"""Materials from the words of orders and products.

What is not certain is ``"unknown"``; the words stay in ``material_text``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from casepan.knowledge.phrases import NEGATION, compiled, meanings, plain_words
from casepan.model.vocabulary import Material

# Product names: their makers' own product pages. "IPS e.max" without more is what labs call lithium disilicate, while
# e.max ZirCAD is zirconia and e.max Ceram a layering ceramic. Metal-ceramic, NEM ("non-precious") and acrylic say a
# class, not a material: they stay unknown.
_TABLE = compiled(
    (
        (r"zirconia reinforced lithium silicate|zls|celtra(?: duo)?|(?:vita )?suprinity", "other"),
        (r"lava ultimate", "composite"),
        (r"(?:ips )?e ?max zircad\w*", "zirconia"),
        (r"(?:ips )?e ?max ceram", None),
        (r"(?:ips )?empress(?: cad| esthetic)?|leu[cz]it\w*|(?:vita )?enamic|hybrid ceramics?|hybridkeramik", "other"),
        (
            r"lithium ?di ?sili[ck]at\w*|li2si2o5|lisi2|disilicate de lithium|disilicato di litio|disilicato de litio",
            "lithium-disilicate",
        ),
        (r"(?:ips )?e ?max(?: cad| press)?|initial lisi|amber mill|cerec tessera", "lithium-disilicate"),
        (r"pekk|pekkton|nickel ?chro\w*|ni ?cr|palladium|alumina|aluminium ?oxid\w*", "other"),
        (r"nylon|polyamid\w*|valplast|acetal", "other"),
        (r"(?:voll|multilayer)?zir[ck]on\w*|[ck]ir[ck]oni\w*|circoni\w*|zro2?|zir[ck]ad", "zirconia"),
        (r"katana|prettau|bruxzir|cercon(?: ht| xt)?|lava plus|zenostar", "zirconia"),
        (r"feldspat\w*|feldspar\w*|(?:vita )?mark ii|vitablocs?(?: mark ii)?", "feldspathic"),
        (r"(?:acrylic|acryl) ?(?:resin|harz)", None),
        (
            r"(?:composite|[ck]omposit) ?(?:resin|harz)?s?|[ck]omposite?s?|tetric cad|brilliant crios|cerasmart\w*",
            "composite",
        ),
        (r"pmma|polymethyl ?methacrylate?|polymethylmethacrylat|telio(?: cad)?", "pmma"),
        (
            r"co ?cr(?: ?mo)?|[ck]obalt ?-?chrom\w*|[ck]obalt ?chromium|chrom\w* [ck]obalt|cobalto cromo|cromo cobalto",
            "cobalt-chrome",
        ),
        (r"gold|goldlegierung\w*|hochgold\w*|oro", "gold"),
        (r"titan|titane|titanium|titanio|ti (?:grade|gr) ?\d|ti 6al4v|tial6v4|ti6al4v", "titanium"),
        (r"peek|biohpp|polyether ?ether ?keton\w*", "peek"),
        (r"(?:fras)?wachs|wax|cire|cera", "wax"),
        (r"resins?|harz|resine|resina", "resin"),
    )
)

_CODES: Mapping[str, Material] = {"zi": "zirconia", "ti": "titanium", "au": "gold"}
"""Short codes of CAD programs, which are words of other languages when they stand among others."""


def material_from_words(text: str | None) -> Material:
    """The material that an order's or a product's words name, in English, German and the common Romance words.

    ``"Ceramic: Zirconia"``, ``"ZrO2"``, ``"e.max"``, ``"Lithiumdisilikat"``, ``"CoCr"``. Words that name two materials,
    deny one or name only a class (``"Ceramic"``, ``"metal"``) give ``"unknown"``.
    """
    words = plain_words(text or "")
    if words in _CODES:
        return _CODES[words]
    if NEGATION.search(words):
        return "unknown"
    found = meanings(words, _TABLE)
    return cast("Material", found.pop()) if len(found) == 1 else "unknown"
