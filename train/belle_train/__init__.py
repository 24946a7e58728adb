"""Fine-tunes BLOOM and LLaMA models on instruction data, the way BELLE's models were made."""
