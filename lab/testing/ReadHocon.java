import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigIncludeContext;
import com.typesafe.config.ConfigIncluder;
import com.typesafe.config.ConfigIncluderClasspath;
import com.typesafe.config.ConfigIncluderFile;
import com.typesafe.config.ConfigIncluderURL;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigResolveOptions;
import com.typesafe.config.ConfigSyntax;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import com.typesafe.config.ConfigValueType;
import java.io.File;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Reads HOCON files as Jitsi's programs do, by Typesafe Config, and prints a line of JSON for each: what it finds, or why it
 * refuses the file. What isn't JSON below the comments is refused, too: a key twice, values that are joined, a substitution.
 */
public class ReadHocon {
    /** Files that polder renders are whole. */
    static class NoIncludes
            implements ConfigIncluder, ConfigIncluderFile, ConfigIncluderURL, ConfigIncluderClasspath {
        private static ConfigObject refuse(Object what) {
            throw new ConfigException.Generic("includes " + what);
        }

        public ConfigIncluder withFallback(ConfigIncluder fallback) {
            return this;
        }

        public ConfigObject include(ConfigIncludeContext context, String what) {
            return refuse(what);
        }

        public ConfigObject includeFile(ConfigIncludeContext context, File what) {
            return refuse(what);
        }

        public ConfigObject includeURL(ConfigIncludeContext context, URL what) {
            return refuse(what);
        }

        public ConfigObject includeResources(ConfigIncludeContext context, String what) {
            return refuse(what);
        }
    }

    static Config read(String text, ConfigSyntax syntax) {
        ConfigParseOptions options =
                ConfigParseOptions.defaults().setSyntax(syntax).setIncluder(new NoIncludes());
        return ConfigFactory.parseString(text, options).resolve(ConfigResolveOptions.noSystem());
    }

    /** What stands at the end of each path; a list as a whole. */
    static void collect(ConfigObject at, List<String> path, List<Object> found) {
        for (Map.Entry<String, ConfigValue> entry : at.entrySet()) {
            List<String> here = new ArrayList<>(path);
            here.add(entry.getKey());
            ConfigValue value = entry.getValue();
            boolean isMap = value.valueType() == ConfigValueType.OBJECT;
            if (isMap && !((ConfigObject) value).isEmpty()) {
                collect((ConfigObject) value, here, found);
                continue;
            }
            found.add(Map.of(
                    "path", String.join(".", here),
                    "type", value.valueType().name(),
                    "value", value));
        }
    }

    static Map<String, Object> verdict(String text) {
        try {
            Config config = read(text, ConfigSyntax.CONF);
            String plain = text.lines()
                    .filter(line -> !line.startsWith("//"))
                    .collect(Collectors.joining("\n"));
            if (!read(plain, ConfigSyntax.JSON).equals(config))
                return Map.of("refused", "it is another file without its comments");
            List<Object> found = new ArrayList<>();
            collect(config.root(), List.of(), found);
            return Map.of("found", found);
        } catch (ConfigException refused) {
            return Map.of("refused", refused.getClass().getSimpleName() + ": " + refused.getMessage());
        }
    }

    public static void main(String[] files) throws Exception {
        for (String file : files) {
            ConfigValue line = ConfigValueFactory.fromMap(verdict(Files.readString(Path.of(file))));
            System.out.println(line.render(ConfigRenderOptions.concise()));
        }
    }
}
