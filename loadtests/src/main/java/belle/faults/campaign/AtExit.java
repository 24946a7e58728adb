package belle.faults.campaign;

/** Ends something also when the program is ended from outside meanwhile. */
record AtExit(Thread end) implements AutoCloseable {
    static AtExit run(Runnable end) {
        var thread = new Thread(end, "end-of-campaign");
        Runtime.getRuntime().addShutdownHook(thread);
        return new AtExit(thread);
    }

    /** From now on nothing is ended any more. */
    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(end);
        } catch (IllegalStateException e) {
            // The program is being ended, and the thread does its work.
        }
    }
}
