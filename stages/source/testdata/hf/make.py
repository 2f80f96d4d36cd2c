# Makes hf.parquet as Hugging Face datasets writes a dataset of pictures: a struct of bytes and path,
# class numbers whose names stand in the file's description; several row groups and pages.
import io

import datasets
from PIL import Image


def png(i):
    b = io.BytesIO()
    Image.new("RGB", (3, 2), (i, 0, 255 - i)).save(b, "PNG")
    return b.getvalue()


rows = {
    "image": [{"bytes": png(i), "path": f"p{i:02d}.png"} for i in range(25)],
    "label": [i % 3 - (i == 7) * 2 for i in range(25)],
    "year": [2000 + i for i in range(25)],
}
features = datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(names=["cat", "dog", "fox"]), "year": datasets.Value("int32")})
datasets.Dataset.from_dict(rows, features=features).to_parquet("hf.parquet", batch_size=10)
