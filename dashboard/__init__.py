"""The lab in a browser: pages over ``core.client``. Light: never loads Keras."""
