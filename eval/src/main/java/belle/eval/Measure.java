package belle.eval;

/** What models are compared by. */
public enum Measure {
    /** A judge model's score. */
    JUDGE("judge", "裁判模型评分"),
    /** ROUGE-L against the reference. */
    ROUGE_L("ROUGE-L", "ROUGE-L");

    private final String title;
    private final String chinese;

    Measure(String title, String chinese) {
        this.title = title;
        this.chinese = chinese;
    }

    public String title() {
        return title;
    }

    String chinese() {
        return chinese;
    }
}
