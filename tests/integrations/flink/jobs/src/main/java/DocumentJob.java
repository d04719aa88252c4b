import org.apache.flink.core.fs.FileSystem.WriteMode;
import org.apache.flink.runtime.state.filesystem.FsStateBackend;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** The three calls of Flink's page on OSS: IN, OUT, CHECKPOINTS, PARALLELISM. */
public final class DocumentJob {
  public static void main(String[] words) throws Exception {
    var env = StreamExecutionEnvironment.getExecutionEnvironment();
    env.setParallelism(Integer.parseInt(words[3]));
    env.enableCheckpointing(500);
    env.setStateBackend(new FsStateBackend(words[2]));
    var stream = env.readTextFile(words[0]).map(line -> line.toUpperCase());
    stream.writeAsText(words[1], WriteMode.OVERWRITE);
    env.execute("document");
  }

  private DocumentJob() {}
}
