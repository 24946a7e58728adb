package belle.datagen;

/** Why a text of a model became no item. */
public enum Reason {
    CUT("cut off by the length"),
    FORM("not in the form asked for"),
    BLACKLIST("about what a text model cannot do"),
    TOO_SHORT("instruction too short"),
    TOO_LONG("instruction too long"),
    NAMES_GPT("speaks of GPT"),
    SIMILAR("too similar"),
    ENOUGH("more than was asked for");

    private final String label;

    Reason(String label) {
        this.label = label;
    }

    /** For people. */
    public String label() {
        return label;
    }
}
