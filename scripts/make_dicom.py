"""Writes DICOM files of all transfer syntaxes and photometric kinds, each with pydicom's own 8-bit result.

    apt-get install python3-pydicom python3-numpy python3-pil dcmtk libgdcm-tools
    /usr/bin/python3 scripts/make_dicom.py OUT
    node scripts/check_dicom.mjs OUT

OUT/NAME.dcm is a file; OUT/NAME.raw is [height, width] or [height, width, 3], 8 bits.
"""
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.pixel_data_handlers.util import apply_color_lut, apply_modality_lut, apply_voi_lut, convert_color_space
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

OUT = Path(sys.argv[1])
H, W = 96, 80
RNG = np.random.default_rng(1)


def picture(bits, signed=False):
    """A smooth picture with noise that uses all values of its depth."""
    y, x = np.mgrid[0:H, 0:W]
    v = np.sin(x / 11.0) * np.cos(y / 17.0) * 0.5 + 0.5
    v = np.clip(v + RNG.normal(0, 0.01, v.shape), 0, 1)
    v[0, 0], v[0, 1] = 0, 1
    full = np.round(v * (2**bits - 1))
    return (full - 2 ** (bits - 1) if signed else full).astype(np.int64)


def base(syntax, pixels, bits, signed=False, photometric="MONOCHROME2", samples=1, allocated=None):
    allocated = allocated or (8 if bits <= 8 else 16 if bits <= 16 else 32)
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.1.1"
    meta.MediaStorageSOPInstanceUID = "1.2.3.4"
    ds = FileDataset("x", {}, file_meta=meta, preamble=b"\0" * 128)
    ds.SOPClassUID, ds.SOPInstanceUID = meta.MediaStorageSOPClassUID, "1.2.3.4"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = "1.2.3", "1.2.3.1"
    ds.PatientName, ds.PatientID, ds.Modality, ds.BodyPartExamined = "Nobody", "0", "DX", "CHEST"
    ds.Rows, ds.Columns, ds.SamplesPerPixel, ds.PhotometricInterpretation = H, W, samples, photometric
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = allocated, bits, bits - 1, int(signed)
    if samples == 3:
        ds.PlanarConfiguration = 0
    ds.is_little_endian = syntax != ExplicitVRBigEndian
    ds.is_implicit_VR = syntax == ImplicitVRLittleEndian
    order = "<" if ds.is_little_endian else ">"
    kind = f"{order}{'i' if signed else 'u'}{allocated // 8}"
    ds.PixelData = pixels.astype(kind).tobytes()
    ds["PixelData"].VR = "OB" if allocated == 8 else "OW"
    return ds


def with_window(ds, center, width, function=None):
    ds.WindowCenter, ds.WindowWidth = center, width
    if function:
        ds.VOILUTFunction = function
    return ds


def lut(entries, first, bits):
    item = Dataset()
    item.LUTDescriptor = [len(entries), first, bits]
    item["LUTDescriptor"].VR = "US"
    item.add_new(0x00283006, "OW", np.asarray(entries, dtype="<u2").tobytes())
    return item


def expected(ds):
    """pydicom's values, scaled to 0..255 over the range that pydicom gives them."""
    array = ds.pixel_array
    if ds.PhotometricInterpretation == "PALETTE COLOR":
        return np.round(apply_color_lut(array, ds) / 257).astype(np.uint8)
    if ds.SamplesPerPixel == 3:
        if ds.PhotometricInterpretation.startswith("YBR_FULL"):
            array = convert_color_space(array, ds.PhotometricInterpretation, "RGB")
        return array.astype(np.uint8)
    values = apply_modality_lut(array, ds).astype(np.float64)
    low, high = 0.0, 2.0**ds.BitsStored - 1
    if ds.PixelRepresentation:
        low, high = -(2.0 ** (ds.BitsStored - 1)), 2.0 ** (ds.BitsStored - 1) - 1
    if "ModalityLUTSequence" in ds:
        low, high = 0.0, 2.0 ** ds.ModalityLUTSequence[0].LUTDescriptor[2] - 1
    elif "RescaleSlope" in ds:
        low, high = low * float(ds.RescaleSlope) + float(ds.RescaleIntercept), high * float(ds.RescaleSlope) + float(ds.RescaleIntercept)
    if "VOILUTSequence" in ds:
        values = apply_voi_lut(values.astype(np.int64), ds).astype(np.float64)
        low, high = 0.0, 2.0 ** ds.VOILUTSequence[0].LUTDescriptor[2] - 1
    elif "WindowCenter" in ds:
        values = apply_voi_lut(values, ds).astype(np.float64)
    elif ds.PixelRepresentation:
        low, high = values.min(), values.max()
    grey = np.round(np.clip((values - low) / (high - low), 0, 1) * 255)
    return (255 - grey if ds.PhotometricInterpretation == "MONOCHROME1" else grey).astype(np.uint8)


FILES = []


def save(name, ds, syntax=None, result=None):
    path = OUT / f"{name}.dcm"
    ds.save_as(path, write_like_original=False)
    (OUT / f"{name}.raw").write_bytes((expected(ds) if result is None else result).tobytes())
    FILES.append({"name": name, "syntax": syntax or ds.file_meta.TransferSyntaxUID.name})
    return path


def derive(name, source, command, syntax, lossy=False):
    """Compresses a file with another program. The expected pixels of a lossless one stay the same."""
    path = OUT / f"{name}.dcm"
    done = subprocess.run([*command, str(source), str(path)], capture_output=True, check=False)
    if done.returncode != 0 or not path.exists():
        print(f"left out {name}: {done.stderr.decode()[-200:].strip()}")
        return
    raw = source.with_suffix(".raw").read_bytes()
    if lossy:  # the decompressed file, by the same programs, is what counts
        plain = OUT / "plain.tmp"
        tool = ["dcmdjpls"] if "JPEG-LS" in syntax else ["dcmdjpeg"] if "JPEG" in syntax and "2000" not in syntax else ["gdcmconv", "--raw"]
        subprocess.run([*tool, str(path), str(plain)], check=True, capture_output=True)
        from pydicom import dcmread

        raw = expected(dcmread(plain)).tobytes()
        plain.unlink()
    (OUT / f"{name}.raw").write_bytes(raw)
    FILES.append({"name": name, "syntax": syntax})


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    names = {"implicit": ImplicitVRLittleEndian, "explicit": ExplicitVRLittleEndian, "big": ExplicitVRBigEndian, "deflated": DeflatedExplicitVRLittleEndian}
    ramp = np.round(np.linspace(0, 1, 4096) ** 0.5 * 65535)
    grey = {
        "m2_8": lambda s: base(s, picture(8), 8),
        "m1_12_window": lambda s: with_window(base(s, picture(12), 12, photometric="MONOCHROME1"), 2000, 1500),
        "m2_16": lambda s: base(s, picture(16), 16),
        "m2_12_exact": lambda s: with_window(base(s, picture(12), 12), 1500, 800, "LINEAR_EXACT"),
        "m2_12_sigmoid": lambda s: with_window(base(s, picture(12), 12), 1500, 800, "SIGMOID"),
        "m2_signed": lambda s: base(s, picture(16, True), 16, True),
        "m2_signed_window": lambda s: with_window(base(s, picture(12, True), 12, True), 40, 400),
    }
    for key, syntax in names.items():
        for kind, make in grey.items():
            save(f"{key}_{kind}", make(syntax))
        ds = with_window(base(syntax, picture(12), 12), 0, 1000)
        ds.RescaleSlope, ds.RescaleIntercept = "0.5", "-1000"
        save(f"{key}_rescale", ds)
        ds = base(syntax, picture(12), 12)
        if key != "big":  # pydicom 2.3 reads the tables of big-endian files as little endian
            ds.VOILUTSequence = [lut(ramp, 0, 16)]
            save(f"{key}_voi_lut", ds)
            ds = base(syntax, picture(12), 12)
            ds.ModalityLUTSequence = [lut(ramp, 0, 16)]
            ds.ModalityLUTSequence[0].ModalityLUTType = "US"
            save(f"{key}_modality_lut", ds)
        rgb = np.stack([picture(8), picture(8).T.reshape(H, W), 255 - picture(8)], -1)
        save(f"{key}_rgb", base(syntax, rgb, 8, photometric="RGB", samples=3))
        save(f"{key}_ybr", base(syntax, rgb, 8, photometric="YBR_FULL", samples=3))
        palette = base(syntax, picture(8), 8, photometric="PALETTE COLOR")
        for i, colour in enumerate(["Red", "Green", "Blue"]):
            entries = ((np.arange(256) * (i + 1) * 37) % 256 * 257).astype("<u2" if key != "big" else ">u2")
            setattr(palette, f"{colour}PaletteColorLookupTableDescriptor", [256, 0, 16])
            setattr(palette, f"{colour}PaletteColorLookupTableData", entries.tobytes())
        if key != "big":
            save(f"{key}_palette", palette)
    tools = [
        ("rle", ["dcmcrle"], "RLE, dcmtk", False),
        ("rle_gdcm", ["gdcmconv", "--rle"], "RLE, gdcm", False),
        ("lossless", ["dcmcjpeg", "+e1"], "JPEG lossless SV1, dcmtk", False),
        ("lossless_any", ["dcmcjpeg", "+el", "+sv", "6"], "JPEG lossless, predictor 6, dcmtk", False),
        ("lossless_gdcm", ["gdcmconv", "--jpeg"], "JPEG lossless, gdcm", False),
        ("jls", ["dcmcjpls"], "JPEG-LS lossless, dcmtk", False),
        ("jls_gdcm", ["gdcmconv", "--jpegls"], "JPEG-LS lossless, gdcm", False),
        ("jls_near", ["dcmcjpls", "+en"], "JPEG-LS near-lossless, dcmtk", True),
        ("j2k", ["gdcmconv", "--j2k"], "JPEG 2000 lossless, gdcm", False),
    ]
    for kind in ["m2_8", "m1_12_window", "m2_16", "m2_signed_window", "m2_signed", "rgb"]:
        source = OUT / f"explicit_{kind}.dcm"
        for key, command, syntax, lossy in tools:
            derive(f"{key}_{kind}", source, command, syntax, lossy)
    for kind in ["m2_8", "rgb"]:
        derive(f"baseline_{kind}", OUT / f"explicit_{kind}.dcm", ["dcmcjpeg", "+eb"], "JPEG baseline, dcmtk", True)
    (OUT / "files.json").write_text(json.dumps(FILES))
    print(f"{len(FILES)} files")


main()
