package belle.dataset;

/** How an item of instruction data is written. */
public enum Form {
    /** {@code instruction}, {@code input} (may be empty or missing) and {@code output}: what data-gen writes. */
    INSTRUCTION("instruction"),
    /** {@code input} and {@code target}: BELLE's published sets, instruction and input joined by a line break. */
    INPUT_TARGET("input-target"),
    /** {@code messages} of {@code role} and {@code content}: OpenAI's. Several turns, perhaps a system's message before them. */
    CHAT("chat");

    private final String label;

    Form(String label) {
        this.label = label;
    }

    /** As the command line writes it. */
    @Override
    public String toString() {
        return label;
    }
}
