from twisted.application.service import ServiceMaker

iotd = ServiceMaker(
    "iotd",
    "iotd.tap",
    "Cameras, health devices and a campus on one self-hosted daemon.",
    "iotd",
)
