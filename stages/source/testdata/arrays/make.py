# Makes the arrays of TestArrays: two corruptions of six pictures of 2 x 3 pixels, with labels.
import numpy as np

pictures = np.arange(6 * 2 * 3 * 3, dtype=np.uint8).reshape(6, 2, 3, 3)
np.save("fog.npy", pictures)
np.save("snow.npy", 255 - pictures)
np.save("labels.npy", np.array([0, 1, 2, 0, 1, 2], dtype=np.int64))
np.savez("both.npz", x=pictures[..., 0], y=np.array([2, 1, 0, 2, 1, 0], dtype=">u2"))
np.savez_compressed("packed.npz", x=pictures)
np.save("fortran.npy", np.asfortranarray(pictures))
np.save("float.npy", pictures.astype(np.float32))
