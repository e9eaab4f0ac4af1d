"""What an OV5642 must be told before it gives JPEG: address, then values from there on.

The meanings stand in OmniVision's data sheet where it names them; the others
are the maker's recommended values, the same in every public driver.
"""

#: Clocks and resets, analogue and array, timing, exposure.
SYSTEM = (
    (0x3000, "00000000ffffff3f"),  # nothing held in reset, all clocks on
    (0x300E, "18"), (0x3010, "1008"), (0x3017, "7ffc"), (0x302B, "00"), (0x3030, "0b"),
    (0x3406, "00"),                # white balance: automatic
    (0x350A, "000007d0"),
    (0x3600, "52"), (0x3602, "e42760041b"), (0x3612, "ac44"), (0x3615, "f0"),
    (0x3620, "96100822"), (0x3631, "0152"), (0x3634, "c0"),
    (0x3702, "10b218da"), (0x3709, "018040a00b"), (0x370F, "c010"),
    (0x3800, "01b0000a0a200798"),  # window: from 432, 10; 2592 x 1944
    (0x380C, "0c8007d0c2"),        # a line takes 3200 clocks, a frame 2000 lines
    (0x3815, "44"), (0x3818, "a8"), (0x3823, "0001"), (0x3827, "0a"),
    (0x3A00, "78"), (0x3A02, "007d00"), (0x3A08, "096007d0"), (0x3A0D, "100d484070"),
    (0x3A13, "30007d00"), (0x3A18, "007c054a"), (0x3A1E, "3e20"),
    (0x3C00, "0480"),              # 50 Hz light, looked for by itself
    (0x4000, "2142"), (0x401C, "042220"),
    (0x4300, "30"), (0x460B, "3522"), (0x4610, "00"), (0x4708, "06"),
    (0x4713, "03"), (0x471C, "5000"),  # compression mode 3: lines of any length
)

#: The signal processor: colour, denoise, sharpness, tone curve, lens shading.
PICTURE = (
    (0x5000, "ff7f"),              # every stage on, scaling among them
    (0x5007, "00"), (0x5009, "00"), (0x5011, "00"), (0x5013, "00"), (0x501F, "0004"),
    (0x5025, "80"), (0x5080, "08"), (0x5086, "00000000"),
    (0x5180, "ff52111425241414146960a29c3634544cf80470f0f00301052f040006a0a0"),
    (0x5282, "00"), (0x528A, "00010408102030"), (0x5292, "0000000100040008001000200030"),
    (0x5300, "0020007c003000802040"), (0x530C, "001020802080"), (0x5314, "082010000230"),
    (0x5380, "0100001f00060000" "00e1002b00000010" "00b300a608"),
    (0x5402, "3f00"),
    (0x5480, "0c182f5564717d87" "919aaab8cdddea1d"),
    (0x5490, "050004200360" "02b80286025b023b" "021c020401ed01c501a5016c01410120"
             "0016" "0120001000f000df"),
    (0x5500, "10"), (0x5502, "0006007f"), (0x5580, "02"), (0x5583, "5050"),
    (0x5680, "00000a2000000798"),  # exposure is measured over the whole window
    (0x5688, "fddffeeffeefaaaa"), (0x5785, "07"),
    (0x5800, "4831211b1a1e2938" "2617110e0d0e131a" "150d08050405090d" "110a040000010609"
             "120b04000001060a" "170f090605060a0e"
             "281a110e0e0f151d" "6e39271f1e232f41"),
    (0x5840, "0e0c0d0c0c0c" "0c0c0d0e0e0a" "0e0e1010110a" "0f0e1010100a" "0e0e0f0f0f0a"
             "090d0c0b0d07"),
    (0x5864, "171418181612" "1b1a1616181f" "1c16100f131c" "1e171111141e" "1c1c1a1a1b1f"
             "141a1d1e1a1a" "00"),
    (0x589A, "c000"),
)
