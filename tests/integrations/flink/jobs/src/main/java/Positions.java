import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.flink.api.common.state.CheckpointListener;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.core.fs.Path;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.functions.source.RichSourceFunction;

/**
 * Lines of a file, read from the position that is in its state; a local record says which it read.
 *
 * <p>All lines are equally long, and a position is a number of lines. It stops twice on its way to
 * every multiple of PAUSE_EVERY: there until a checkpoint has that position, and half-way to the
 * next until it is killed. Whoever resumes goes on to the next multiple, the last to the end.
 */
final class Positions extends RichSourceFunction<String>
    implements CheckpointedFunction, CheckpointListener {
  private static final int LINE_BYTES = 8;

  private final String path;
  private final String record;
  private final int pauseEvery;
  private final Map<Long, Long> snapshots = new ConcurrentHashMap<>();
  private transient ListState<Long> state;
  private volatile long position;
  private volatile long kept = -1;
  private volatile boolean running = true;

  Positions(String path, String record, int pauseEvery) {
    this.path = path;
    this.record = record;
    this.pauseEvery = pauseEvery;
  }

  @Override
  public void initializeState(FunctionInitializationContext context) throws Exception {
    state = context.getOperatorStateStore().getListState(
        new ListStateDescriptor<>("position", Long.class));
    for (var restored : state.get()) {
      position = restored;
    }
    note("start " + position);
  }

  @Override
  public void snapshotState(FunctionSnapshotContext context) throws Exception {
    snapshots.put(context.getCheckpointId(), position);
    state.update(java.util.List.of(position));
  }

  @Override
  public void notifyCheckpointComplete(long checkpoint) throws Exception {
    kept = snapshots.getOrDefault(checkpoint, -1L);
    note("checkpoint " + checkpoint + " " + kept);
  }

  @Override
  public void run(SourceContext<String> context) throws Exception {
    var file = new Path(path);
    var system = file.getFileSystem();
    var lines = system.getFileStatus(file).getLen() / LINE_BYTES;
    var pause = pauseEvery == 0 ? lines : (position / pauseEvery + 1) * pauseEvery;
    try (var stream = system.open(file)) {
      stream.seek(position * LINE_BYTES);
      var reader = new BufferedReader(new InputStreamReader(stream, StandardCharsets.US_ASCII));
      emit(context, reader, Math.min(pause, lines));
      if (pause >= lines) {
        return;
      }
      waitUntilKept(pause);
      emit(context, reader, pause + pauseEvery / 2);
    }
    note("waiting " + position);
    waitUntilKept(Long.MAX_VALUE);
  }

  private void emit(SourceContext<String> context, BufferedReader reader, long stop)
      throws Exception {
    while (running && position < stop) {
      synchronized (context.getCheckpointLock()) {
        var line = reader.readLine();
        note("read " + position);
        context.collect(line);
        position++;
      }
    }
  }

  private void waitUntilKept(long wanted) throws InterruptedException {
    while (running && kept < wanted) {
      Thread.sleep(10);
    }
  }

  private void note(String text) throws Exception {
    Files.writeString(
        Paths.get(record), text + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  @Override
  public void cancel() {
    running = false;
  }
}
