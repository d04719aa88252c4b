import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.restartstrategy.RestartStrategies;
import org.apache.flink.api.common.serialization.SimpleStringEncoder;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.file.sink.FileSink;
import org.apache.flink.core.fs.Path;
import org.apache.flink.runtime.state.filesystem.FsStateBackend;
import org.apache.flink.streaming.api.environment.CheckpointConfig.ExternalizedCheckpointCleanup;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.filesystem.rollingpolicies.OnCheckpointRollingPolicy;

/** Adds up lines and keeps its state in checkpoints: IN, OUT, CHECKPOINTS, RECORD, PAUSE_EVERY. */
public final class ResumingJob {
  public static void main(String[] words) throws Exception {
    var env = StreamExecutionEnvironment.getExecutionEnvironment();
    env.setParallelism(1);
    env.enableCheckpointing(200);
    env.setStateBackend(new FsStateBackend(new java.net.URI(words[2]), 0));
    env.setRestartStrategy(RestartStrategies.fixedDelayRestart(100, 200));
    env.getCheckpointConfig()
        .setExternalizedCheckpointCleanup(ExternalizedCheckpointCleanup.RETAIN_ON_CANCELLATION);
    var sink =
        FileSink.forRowFormat(new Path(words[1]), new SimpleStringEncoder<String>())
            .withRollingPolicy(OnCheckpointRollingPolicy.build())
            .build();
    env.addSource(new Positions(words[0], words[3], Integer.parseInt(words[4])))
        .uid("positions")
        .keyBy(line -> 0)
        .map(new Sum())
        .uid("sum")
        .sinkTo(sink)
        .uid("sink");
    env.execute("resuming");
  }

  /** Gives every line with the sum of all numbers so far. */
  private static final class Sum extends RichMapFunction<String, String> {
    private transient ValueState<Long> sum;

    @Override
    public void open(Configuration configuration) {
      sum = getRuntimeContext().getState(new ValueStateDescriptor<>("sum", Long.class));
    }

    @Override
    public String map(String line) throws Exception {
      var before = sum.value();
      sum.update((before == null ? 0 : before) + Long.parseLong(line));
      return line + " " + sum.value();
    }
  }

  private ResumingJob() {}
}
