import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.serialization.SimpleStringEncoder;
import org.apache.flink.connector.file.sink.FileSink;
import org.apache.flink.connector.file.src.FileSource;
import org.apache.flink.connector.file.src.reader.TextLineInputFormat;
import org.apache.flink.core.fs.Path;
import org.apache.flink.runtime.state.hashmap.HashMapStateBackend;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** The same with what Flink recommends today: IN, OUT, CHECKPOINTS, PARALLELISM. */
public final class CurrentJob {
  public static void main(String[] words) throws Exception {
    var env = StreamExecutionEnvironment.getExecutionEnvironment();
    env.setParallelism(Integer.parseInt(words[3]));
    env.enableCheckpointing(500);
    env.setStateBackend(new HashMapStateBackend());
    env.getCheckpointConfig().setCheckpointStorage(words[2]);
    var source = FileSource.forRecordStreamFormat(new TextLineInputFormat(), new Path(words[0]));
    env.fromSource(source.build(), WatermarkStrategy.noWatermarks(), "lines")
        .map(line -> line.toUpperCase())
        .sinkTo(FileSink.forRowFormat(new Path(words[1]), new SimpleStringEncoder<String>()).build());
    env.execute("current");
  }

  private CurrentJob() {}
}
