"""What Convscope knows about experiments, runs and models. No Streamlit in here."""
