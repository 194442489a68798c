"""What the lab is doing now."""

import streamlit as st

st.title("Overview")
