"""What an OV2640 must be told before it gives JPEG, as pairs of register and value.

The meanings stand in OmniVision's data sheet where it names them; the others
are the maker's recommended values, the same in every public driver.
"""

from binascii import unhexlify


def _pairs(*groups) -> bytes:
    return unhexlify("".join(groups).replace(" ", ""))


#: Clock, exposure, gain and analogue settings, then the signal processor.
BASE = _pairs(
    "ff00 2cff 2edf",                            # processor bank: arbiter settings
    "ff01 3c32 1100 0902 0428",                  # sensor bank: clock as it comes, no flip
    "13e5 1448",                                 # banding filter, auto gain and exposure
    "2c0c 3378 3a33 3bfb 3e00 4311 1610",        # analogue
    "4a81 2199 2440 2538 2682",                  # brightness aimed at, and when to step fast
    "5c00 6300 463f 0c3c 6170 6280",             # frame length, banding, histogram levels
    "7c05 2080 2830 6c00 6d80 6e00 7002 7194 73c1 4800 5b00 4203 3d38",
    "ff00 e57f f9c0 4124 e014 76ff",             # processor bank: held in reset
    "33a0 4220 4318 4c00 87d5 883f d703 d910 d382",
    "c808 c980",                                 # where its memory begins
    "7c00 7d00 7c03 7d48 7d48 7c08 7d20 7d10 7d0e",  # saturation, brightness
    "9000 910e 911a 9131 915a 9169 9175 917e 9188",  # tone curve, 16 steps, indirect
    "918f 9196 91a3 91af 91c4 91d7 91e8 9120",
    "9200 9306 93e3 9305 9305 9300 9304 9300 9300",  # lens and edge, indirect
    "9300 9300 9300 9300 9300",
    "9600 9708 9719 9702 970c 9724 9730 9728 9726",  # denoise, indirect
    "9702 9798 9780 9700 9700",
    "c3ed a400 a800 c511 c651 bf80 c710",        # stages that are on; white balance
    "b666 b8a5 b764 b97c b3af b497 b5ff b0c5 b194 b20f c45c",
    "7f00 e51f e167 dd7f 0500 e000",             # let it run, its stages not bypassed
)

#: Compressed output, sync signals in step with it.
JPEG = _pairs("ff00 e014 e177 e51f d703 da10 e000 ff01 0408")

#: The array gives 800x600, two lines added up: twice as fast, for sizes up to CIF.
ARRAY_HALF = _pairs(
    "ff01 1100 1240 1711 1843 1900 1a4b 3209",   # the window within the array
    "4fca 50a8 5a23 6d00",                       # banding: lines of a 50 Hz and a 60 Hz period
    "3912 35da 221a 37c3 2300 34c0 361a 0688 07c0 0d87 0e41 4c00",
)

#: The array gives all of its 1600x1200.
ARRAY_FULL = _pairs(
    "ff01 1101 1200 1711 1875 1901 1a97 3236 030f",
    "4fbb 509c 5a57 6d80 3d34",
    "3902 3588 220a 3740 34a0 0602 0db7 0e01",
)
