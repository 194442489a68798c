"""Pick, see what it costs, launch."""

import streamlit as st

st.title("New experiment")
