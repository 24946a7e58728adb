package belle.eval;

import java.util.Map;

/** What BELLE's classes are called in Chinese. */
final class ClassNames {
    private static final Map<String, String> CHINESE = Map.ofEntries(
            Map.entry("open qa", "开放问答"),
            Map.entry("closed qa", "封闭问答"),
            Map.entry("brainstorming", "头脑风暴"),
            Map.entry("rewrite", "改写"),
            Map.entry("generation", "生成"),
            Map.entry("math", "数学"),
            Map.entry("classification", "分类"),
            Map.entry("summarization", "摘要"),
            Map.entry("code", "代码"),
            Map.entry("extract", "抽取"),
            Map.entry("translation", "翻译"));

    private ClassNames() {}

    /** The name in Chinese; other classes keep their own. */
    static String chinese(String taskClass) {
        return CHINESE.getOrDefault(taskClass, taskClass);
    }
}
