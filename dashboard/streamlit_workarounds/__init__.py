"""Ways around what Streamlit does not do: one file each, which says when it can go."""
