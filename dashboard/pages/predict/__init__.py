"""The page Predict.

``sources``       inputs for images: files, the clipboard, the camera, validation samples
``input_images``  the images of the session, decoded once: no Streamlit
``predictions``   the predictions of each run for each image, computed once
``cards``         one card per image
"""
