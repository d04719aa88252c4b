import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.serialization.SimpleStringEncoder;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.file.sink.FileSink;
import org.apache.flink.connector.file.src.FileSource;
import org.apache.flink.connector.file.src.reader.TextLineInputFormat;
import org.apache.flink.core.fs.Path;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** The same with what Flink recommends today in their place. */
public final class CurrentJob {
  public static void main(String[] words) throws Exception {
    var env = StreamExecutionEnvironment.getExecutionEnvironment();
    env.setParallelism(Integer.parseInt(words[0]));
    env.enableCheckpointing(500);
    var configuration = new Configuration();
    configuration.setString("state.backend.type", "hashmap");
    for (var i = 1; i < words.length; i += 3) {
      configuration.setString("execution.checkpointing.dir", words[i + 2]);
      env.configure(configuration);
      var in = FileSource.forRecordStreamFormat(new TextLineInputFormat(), new Path(words[i]));
      var out = FileSink.forRowFormat(new Path(words[i + 1]), new SimpleStringEncoder<String>());
      env.fromSource(in.build(), WatermarkStrategy.noWatermarks(), "lines")
          .map(line -> line.toUpperCase())
          .sinkTo(out.build());
      env.execute("current");
    }
  }

  private CurrentJob() {}
}
