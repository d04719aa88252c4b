import org.apache.flink.core.fs.FileSystem.WriteMode;
import org.apache.flink.runtime.state.filesystem.FsStateBackend;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** The three calls of Flink's page on OSS: PARALLELISM, then IN, OUT, CHECKPOINTS of each run. */
public final class DocumentJob {
  public static void main(String[] words) throws Exception {
    var env = StreamExecutionEnvironment.getExecutionEnvironment();
    env.setParallelism(Integer.parseInt(words[0]));
    env.enableCheckpointing(500);
    for (var i = 1; i < words.length; i += 3) {
      env.setStateBackend(new FsStateBackend(words[i + 2]));
      var stream = env.readTextFile(words[i]).map(line -> line.toUpperCase());
      stream.writeAsText(words[i + 1], WriteMode.OVERWRITE);
      env.execute("document");
    }
  }

  private DocumentJob() {}
}
