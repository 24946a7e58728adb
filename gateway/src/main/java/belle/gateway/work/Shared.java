package belle.gateway.work;

/** What both interfaces work with. */
public record Shared(
        Admission admission,
        Readiness readiness,
        Models models,
        Generations generations,
        Sessions sessions,
        Metrics metrics) {}
