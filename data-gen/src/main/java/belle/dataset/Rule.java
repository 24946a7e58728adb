package belle.dataset;

/** Why a filter drops an item. */
public enum Rule {
    /** It speaks to a model, or of itself, as GPT. */
    GPT("gpt"),
    /** It refers to a text that is not there. */
    INCOMPLETE("incomplete"),
    /** The instruction is Chinese, its input or answer English, and neither translation, English nor code is the matter. */
    ENGLISH("english"),
    /** A text is empty, or shorter or longer than allowed. */
    LENGTH("length"),
    /** Nearly all of an earlier item's question. */
    NEAR_DUPLICATE("near-duplicate");

    private final String label;

    Rule(String label) {
        this.label = label;
    }

    /** As the command line and reports write it. */
    @Override
    public String toString() {
        return label;
    }
}
