import com.aliyun.credentials.Client;
import com.aliyun.credentials.models.Config;
import com.aliyun.credentials.models.CredentialModel;

/** Credential providers of Java on a store: orders from the environment, a line for each key they got. */
public final class Main {
    private Main() {}

    private static void show(String name, Config config) throws Exception {
        CredentialModel found = new Client(config).getCredential();
        System.out.println(String.join(" ", name, found.getAccessKeyId(), found.getAccessKeySecret(),
            found.getSecurityToken()));
    }

    public static void main(String[] arguments) throws Exception {
        var given = System.getenv();
        show("role", new Config()
            .setType("ram_role_arn")
            .setAccessKeyId(given.get("USER_ID"))
            .setAccessKeySecret(given.get("USER_SECRET"))
            .setRoleArn(given.get("ROLE_ARN"))
            .setRoleSessionName("java")
            .setRoleSessionExpiration(3600)
            .setSTSEndpoint(given.get("STS_ENDPOINT")));
        show("static", new Config()
            .setType("sts")
            .setAccessKeyId(given.get("SESSION_ID"))
            .setAccessKeySecret(given.get("SESSION_SECRET"))
            .setSecurityToken(given.get("SESSION_TOKEN")));
        show("uri", new Config().setType("credentials_uri").setCredentialsUri(given.get("URI")));
    }
}
