"""What Convscope knows about experiments, runs and networks. No Streamlit in here."""
