"""Processor seconds of PyPI's imagecorruptions for the 75 and 95 variants of picture.png at 224 x 224."""
import time
import warnings

import numpy as np
import skimage.filters
from PIL import Image

warnings.filterwarnings("ignore")
# As in parity.py: names that newer NumPy and scikit-image dropped.
np.float_ = np.float64
_gaussian = skimage.filters.gaussian
skimage.filters.gaussian = lambda image, sigma=1, multichannel=False, **more: _gaussian(image, sigma=sigma, channel_axis=-1 if multichannel else None, **more)
import imagecorruptions  # noqa: E402
import imagecorruptions.corruptions  # noqa: E402

imagecorruptions.corruptions.gaussian = skimage.filters.gaussian

picture = np.array(Image.open("testdata/picture.png").convert("RGB").resize((224, 224)))


def seconds(names):
    best = 1e9
    for _ in range(3):  # the first compiles
        start = time.process_time()
        for name in names:
            for severity in range(1, 6):
                imagecorruptions.corrupt(picture, corruption_name=name, severity=severity)
        best = min(best, time.process_time() - start)
    return best


names = imagecorruptions.get_corruption_names("all")
print(f"75={seconds(names[:15])}")
print(f"95={seconds(names)}")
