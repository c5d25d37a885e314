"""Words that say what a scan shows, in the languages of scanners and laboratories.

Words are parted by commas. A blank stands for any separator or none; ``~`` in front: may be glued to letters before
it; ``*`` behind: may go on in letters; ``$`` behind: only at the end of a name, since elsewhere it means something
else. Accents and capitals do not matter, and scripts that do not part words by blanks match anywhere.

Sources: names in real exports (``UpperJawScan``, ``-occlusionfirst``, ``-upperjaw-situ``, ``TotalJaw0``,
``_shell_occlusion_u``, ``ScanbodyUpper`` …), renames by laboratories, and for other languages the dental terms
themselves.
"""

from __future__ import annotations

from collections.abc import Mapping

_UPPER = """
    upper, ~upper$, ~upper jaw*, maxill*, max$, up$, u$, occlusion u, teethup u, top$, oberkiefer*, oben, ok$,
    superieur*, maxillaire superieur*, haut$, sup$, maxilar*, maxilar superior, superior*, mascell*, felso*,
    gorn*, gora$, szczek*, horni*, ust cene*, ust$, bovenkaak, boven$, overkak*, overkjev*, overkaeb*, ylaleuk*,
    верх*, ανω*, علوي*, العلوي, עליון, עליונה, ham tren, 상악, 위턱, 윗니, 上颌, 上頜, 上颚, 上顎, 上牙, 上歯, บน
"""
_LOWER = """
    lower, ~lower$, ~lower jaw*, lowe jaw*, mandib*, mand$, low$, l$, occlusion l, teethup l, bottom$,
    unterkiefer*, unten, uk$, inferieur*, maxillaire inferieur*, bas$, inf$, maxilar inferior*, inferior*,
    mascellare inferiore, also, also allcsont*, doln*, dol$, zuchw*, alt cene*, alt$, onderkaak, onder$, underkak*,
    underkjev*, underkaeb*, alaleuk*, нижн*, низ$, κατω*, سفلي*, السفلي, תחתון, תחתונה, ham duoi,
    하악, 아래턱, 아랫니, 下颌, 下頜, 下颚, 下顎, 下牙, 下歯, ล่าง
"""
_BOTH = """
    ul$, occlusion ul, teethup ul, upper and lower, upper & lower, both jaws, both arches, ober und unterkiefer,
    beide kiefer, 상하악, 上下颌, 上下顎
"""
_BITE = """
    bite*, ~bite scan*, buccal*, vestibular*, occlusion first, occlusion second, occlusion third, total jaw,
    occlusal registration, centric relation, biss*, zubiss, schlussbiss, mordida*, mordu*, morso*, registro oclusal,
    relacion centrica, relacao centrica, enregistrement*, registrazione*, harapas*, zgryz*, skus*, zhryz*, zagriz*,
    muscatur*, beet$, bett$, bid$, purenta*, kapanis*, isirma*, прикус*, захапк*, δηξη*, عضة, العضة, נשך, khop can,
    바이트, 교합, 咬合, バイト, การสบ
"""
_PREPARATION = """
    prep, preps, ~preparation scan*, preparation*, prepared, praparation*, praparat*, praep*, stumpf*, preparee*,
    preparad*, preparo*, preparac*, preparazion*, moncon*, moignon*, preparalt*, csonk*, szlif*, bont*, preparasyon*,
    препар*, культ*, παρασκευ*, 지대치, 프렙, 备牙, 预备体, 備牙, 支台歯, 形成
"""
_ANTAGONIST = """
    antagonist*, antag, ~antagonist scan*, opposing*, opponent*, gegenkiefer*, gegenbiss*, antagonista*, oponente*,
    ellenallcsont*, przeciwstawn*, karsit*, антагонист*, ανταγωνιστ*, 대합*, 对颌, 對頜, 対合
"""
_PREOP = """
    preop*, pre op*, pre prep*, ~pre preparation scan*, pre scan*, pre treatment*, pretreat*, generic double prep*,
    situ$, situation$, study$, before$, initial scan*, bio copy*, vor praparation*, avant preparation*, avant$,
    antes$, przed$, до препарирования, до лечения, 술전, 프리옵, 프리프렙, 术前, 術前
"""
_SCANBODY = """
    scan body*, scan bodies, scan abutment*, scan marker*, marker$, abutment alignment*, scan post*, scan flag*,
    scankorper*, scan korper*, corps de scannage, corpo di scansione, cuerpo de escaneo, corpo de escaneamento,
    skanbody*, скан боди*, скан маркер*, скан абатмент*, 스캔 바디, 扫描杆, 扫描体, スキャンボディ
"""
_GINGIVA = """
    gingiva*, gums, gum, soft tissue*, emergence*, zahnfleisch*, gencive*, encia*, gengiv*, iny, inymaszk*, dziasl*,
    dasen*, tandvlees*, dis eti*, десн*, ουλα, 치은, 잇몸, 牙龈, 歯肉
"""
_EDENTULOUS = """
    edentul*, edentate*, toothless*, zahnlos*, edente*, desdentad*, fogatlan*, bezzeb*, bezzub*, dissiz*, беззуб*,
    무치악, 无牙颌, 無歯顎
"""
_DENTURE = """
    denture*, prosthes*, prothes*, protes*, protez*, fogsor*, протез*, 의치, 틀니, 义齿, 義歯
"""
_WAXUP = """
    wax up*, mock up*, wax rim*, diagnostic wax*, wachs*, aufwachs*, ceratura*, encerad*, encerament*, voskov*,
    viaszmint*, воск*, 왁스, 蜡型, ワックスアップ
"""
_PALATE = """
    palate*, palatal*, gaumen*, palais$, paladar*, palato*, szajpad*, podniebien*, patro$, damak*, небо, 구개, 腭, 口蓋
"""
_DESIGN = """
    previous design*, design, cad, unsectioned*, sectioned*, model builder*, crown$, krone$, couronne$, coping$
"""
_OTHER = """
    only tooth, tooth, teeth only, einzelzahn*, anatomy elements, with attachments, extra object*
"""

ROLE_WORDS: Mapping[str, str] = {
    "upper": _UPPER,
    "lower": _LOWER,
    "both": _BOTH,
    "bite": _BITE,
    "preparation": _PREPARATION,
    "antagonist": _ANTAGONIST,
    "preop": _PREOP,
    "scanbody": _SCANBODY,
    "gingiva": _GINGIVA,
    "edentulous": _EDENTULOUS,
    "denture": _DENTURE,
    "waxup": _WAXUP,
    "palate": _PALATE,
    "design": _DESIGN,
    "other": _OTHER,
}

FILLERS = """
    scan*, jaw*, arch*, arcad*, arcat*, raw, mb, pre, file, data, anatomy, teeth, digital, final, full, the, of, de,
    del, della, kiefer*, kaak*, csont*, allcsont*, celist*, cene*, челюст*, щелеп*, γναθ*, 스캔, 扫描, スキャン, normal,
    extra, with, without, ditch, modell*, model
"""
"""Words that may stand between two role words without parting them, and beside them in the name of a folder."""
