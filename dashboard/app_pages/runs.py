"""Everything that was ever launched, in one table."""

import streamlit as st

st.title("Runs")
