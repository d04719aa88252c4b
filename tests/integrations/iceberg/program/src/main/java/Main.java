import com.aliyun.oss.OSSException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.DataFiles;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Table;
import org.apache.iceberg.aliyun.oss.OSSFileIO;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.io.PositionOutputStream;
import org.apache.iceberg.io.SeekableInputStream;
import org.apache.iceberg.jdbc.JdbcCatalog;
import org.apache.iceberg.types.Types;

/** Iceberg's own file system for OSS: bytes, and a table whose files all lie in the bucket. */
public final class Main {
  private static final String PLACE = "oss://" + System.getenv("BUCKET") + "/lake";
  private static final Map<String, String> OSS =
      Map.of(
          "oss.endpoint", System.getenv("OSS_ENDPOINT"),
          "client.access-key-id", System.getenv("OSS_ACCESS_KEY_ID"),
          "client.access-key-secret", System.getenv("OSS_ACCESS_KEY_SECRET"));

  private static OSSFileIO io() {
    OSSFileIO io = new OSSFileIO();
    io.initialize(OSS);
    return io;
  }

  private static void require(boolean holds, String why) {
    if (!holds) {
      throw new AssertionError(why);
    }
  }

  private static Void files() throws Exception {
    byte[] data = new byte[3_000_001];
    new Random(7).nextBytes(data);
    String place = PLACE + "/file ä";
    try (OSSFileIO io = io()) {
      try (PositionOutputStream out = io.newOutputFile(place).createOrOverwrite()) {
        out.write(data, 0, 1_000_000);
        require(out.getPos() == 1_000_000, "position");
        out.write(data, 1_000_000, 2_000_001);
      }
      require(io.newInputFile(place).exists(), "there");
      long length = io.newInputFile(place).getLength();
      require(length == data.length, "length " + length);
      try (SeekableInputStream in = io.newInputFile(place).newStream()) {
        require(Arrays.equals(in.readAllBytes(), data), "bytes");
        in.seek(2_999_999);
        require(Arrays.equals(in.readAllBytes(), Arrays.copyOfRange(data, 2_999_999, 3_000_001)), "seek");
      }
      io.deleteFile(place);
      require(!io.newInputFile(place).exists(), "deleted");
      try (SeekableInputStream in = io.newInputFile(place).newStream()) {
        in.read();
        require(false, "it is gone");
      } catch (OSSException gone) {
        require(gone.getErrorCode().equals("NoSuchKey"), gone.getErrorCode());
      }
    }
    return null;
  }

  private static DataFile data(OSSFileIO io, int number) throws Exception {
    String place = PLACE + "/table/data/" + number + ".csv";
    byte[] text = ("row " + number + "\n").getBytes(StandardCharsets.UTF_8);
    try (PositionOutputStream out = io.newOutputFile(place).create()) {
      out.write(text);
    }
    return DataFiles.builder(PartitionSpec.unpartitioned())
        .withPath(place).withFormat("parquet").withFileSizeInBytes(text.length).withRecordCount(1)
        .build();
  }

  private static Void table() throws Exception {
    try (JdbcCatalog catalog = new JdbcCatalog(); OSSFileIO io = io()) {
      Map<String, String> properties = new java.util.HashMap<>(OSS);
      properties.put("warehouse", PLACE);
      properties.put("uri", "jdbc:sqlite:file::memory:?cache=shared");
      properties.put("io-impl", OSSFileIO.class.getName());
      catalog.initialize("lake", properties);
      catalog.createNamespace(Namespace.of("n"));
      Schema schema = new Schema(Types.NestedField.required(1, "text", Types.StringType.get()));
      TableIdentifier name = TableIdentifier.of("n", "t");
      Table table = catalog.buildTable(name, schema).withLocation(PLACE + "/table").create();
      table.newAppend().appendFile(data(io, 1)).commit();
      table.newAppend().appendFile(data(io, 2)).commit();
      Table again = catalog.loadTable(name);
      List<String> found = new java.util.ArrayList<>();
      try (CloseableIterable<FileScanTask> tasks = again.newScan().planFiles()) {
        for (FileScanTask task : tasks) {
          try (SeekableInputStream in = again.io().newInputFile(task.file().location()).newStream()) {
            found.add(new String(in.readAllBytes(), StandardCharsets.UTF_8).trim());
          }
        }
      }
      found.sort(null);
      require(found.equals(List.of("row 1", "row 2")), found.toString());
      require(again.history().size() == 2, "snapshots");
    }
    return null;
  }

  private static void check(String name, Callable<Void> check) {
    try {
      check.call();
      System.out.println("ok " + name);
    } catch (Throwable error) {
      error.printStackTrace();
      System.out.println("not ok " + name + ": " + error);
    }
  }

  public static void main(String[] names) {
    check("files", Main::files);
    check("table", Main::table);
    System.exit(0);
  }
}
