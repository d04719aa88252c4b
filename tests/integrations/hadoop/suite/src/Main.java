import org.junit.runner.Description;
import org.junit.runner.JUnitCore;
import org.junit.runner.notification.Failure;
import org.junit.runner.notification.RunListener;

/** Runs classes of tests and prints one line a test: ok, skipped or not ok, its class, its name. */
public final class Main {
  public static void main(String[] names) throws Exception {
    var runner = new JUnitCore();
    runner.addListener(new Printer());
    for (var name : names) {
      var start = System.nanoTime();
      runner.run(Class.forName(name));
      System.out.printf("took %s %.1f%n", name, (System.nanoTime() - start) / 1e9);
    }
    System.exit(0);
  }

  private static final class Printer extends RunListener {
    private String said;

    @Override
    public void testStarted(Description test) {
      said = "ok";
    }

    @Override
    public void testAssumptionFailure(Failure failure) {
      said = "skipped";
    }

    @Override
    public void testIgnored(Description test) {
      said = "skipped";
      testFinished(test);
    }

    @Override
    public void testFailure(Failure failure) {
      said = "not ok";
      System.err.println(failure.getDescription() + "\n" + failure.getTrace());
      if (failure.getDescription().isSuite()) {
        testFinished(failure.getDescription());
      }
    }

    @Override
    public void testFinished(Description test) {
      System.out.printf("%s %s %s%n", said, test.getClassName(), test.getMethodName());
    }
  }
}
