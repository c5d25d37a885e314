"""Where 3Shape's files name people, computers and licences. Source: README, "What identifies people"."""

from __future__ import annotations

from casepan.api import Personal

_ITEM = "DentalContainer/.//Object[@type='TDM_Item_{}']/Property[@name='{}']/@value"
_PROPERTIES = {
    "Order": (
        "IntOrderID ExtOrderID NumOrderID ImportOrderID OriginalOrderID ClientID ClientOrderNo ClientContactPerson "
        "Patient_RefNo Patient_FirstName Patient_LastName PatientGuid DeliveryAddress1 DeliveryAddress2 DeliveryZip "
        "DeliveryCity DeliveryState DeliveryCountryID OrderComments Customer OperatorID OperatorName ManufName GroupFolder "
        "ShipToERPCustNo ERPCustomerNo ShipToID"
    ),
    "ModelJob": "OrderID",
    "ModelElement": "ManufacturerID ManufName ModelFilename ModelComment",
    "Scan": "ScanName FileName",
    "CustomData": "OrderID Value",
    "OrderExchangeElement": "OrderExchangeElementExtID OrderID Text Author ApprovedBy",
    "OrderExchangeAttachment": "OrderExchangeAttachmentExtID Name Path",
    "CommunicateOrder": "OrderID CommunicateOrderId SenderId ReceiverId LastUpdateID WebPreviewLink",
}

PERSONAL = Personal(
    names=("order folder", "order XML", "text before the words of an open export", "patient's folder of scans", "3OXZ"),
    xml=tuple(_ITEM.format(item, name) for item, names in _PROPERTIES.items() for name in names.split()),
    hps=("ScannerSerialNumber", "TipSerialNumber", "ComputerName", "SiteID", "DongleNumber", "SiteDongle"),
    headers=("ply comment TextureFile", "obj mtllib"),
    documents=("html", "htm", "pdf", "3oxz", "3ox", "3ml"),
)
