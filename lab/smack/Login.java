import java.security.KeyStore;
import java.util.Arrays;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.jivesoftware.smack.ConnectionConfiguration.SecurityMode;
import org.jivesoftware.smack.SASLAuthentication;
import org.jivesoftware.smack.tcp.XMPPTCPConnection;
import org.jivesoftware.smack.tcp.XMPPTCPConnectionConfiguration;
import org.jxmpp.jid.impl.JidCreate;

/**
 * Logs in as a bridge does: with the settings that jicoco-mucclient e8384e28 (MucClient.java) makes of a bridge's.
 * Prints whom Java trusts, a line each, and then what came of it.
 */
public final class Login {
  /** @param arguments host, port, domain, user, password, security mode */
  public static void main(String[] arguments) throws Exception {
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init((KeyStore) null);
    Arrays.stream(factory.getTrustManagers())
        .map(X509TrustManager.class::cast)
        .flatMap(manager -> Arrays.stream(manager.getAcceptedIssuers()))
        .forEach(one -> System.out.println("trusts " + one.getSubjectX500Principal().getName()));

    SASLAuthentication.unregisterSASLMechanism(
        "org.jivesoftware.smack.sasl.javax.SASLGSSAPIMechanism");
    XMPPTCPConnection connection =
        new XMPPTCPConnection(
            XMPPTCPConnectionConfiguration.builder()
                .setHost(arguments[0])
                .setPort(Integer.parseInt(arguments[1]))
                .setXmppDomain(JidCreate.domainBareFrom(arguments[2]))
                .setUsernameAndPassword(arguments[3], arguments[4])
                .setSecurityMode(SecurityMode.valueOf(arguments[5]))
                .build());
    try {
      connection.connect().login();
      System.out.println("logged in");
    } catch (Exception error) {
      for (Throwable why = error; why != null; why = why.getCause())
        System.out.println(why.getClass().getSimpleName() + ": " + why.getMessage());
    }
    System.exit(0);
  }
}
