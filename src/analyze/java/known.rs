//! Groups of artifacts whose archives do not name them, or not the one they are published under.
//!
//! Only artifacts that advisories name and that many images have. The artifacts of each group are
//! its own on Maven Central; `*` stands for any end. The first row that fits counts.

/// A group, and the artifacts that are published in it.
type Row = (&'static str, &'static [&'static str]);

const GROUPS: &[Row] = &[
    (
        "org.springframework",
        &[
            "spring-aop",
            "spring-aspects",
            "spring-beans",
            "spring-context",
            "spring-context-indexer",
            "spring-context-support",
            "spring-core",
            "spring-expression",
            "spring-instrument",
            "spring-jcl",
            "spring-jdbc",
            "spring-jms",
            "spring-messaging",
            "spring-orm",
            "spring-oxm",
            "spring-r2dbc",
            "spring-test",
            "spring-tx",
            "spring-web",
            "spring-webflux",
            "spring-webmvc",
            "spring-webmvc-portlet",
            "spring-websocket",
        ],
    ),
    ("org.springframework.amqp", &["spring-amqp", "spring-rabbit*"]),
    ("org.springframework.batch", &["spring-batch-*"]),
    ("org.springframework.boot", &["spring-boot", "spring-boot-*"]),
    ("org.springframework.cloud", &["spring-cloud-*"]),
    ("org.springframework.data", &["spring-data-*"]),
    ("org.springframework.graphql", &["spring-graphql*"]),
    ("org.springframework.hateoas", &["spring-hateoas"]),
    ("org.springframework.integration", &["spring-integration-*"]),
    ("org.springframework.kafka", &["spring-kafka*"]),
    ("org.springframework.ldap", &["spring-ldap-*"]),
    ("org.springframework.plugin", &["spring-plugin-*"]),
    ("org.springframework.retry", &["spring-retry"]),
    ("org.springframework.security.oauth", &["spring-security-oauth*"]),
    ("org.springframework.security", &["spring-security-*"]),
    ("org.springframework.session", &["spring-session-*"]),
    ("org.springframework.vault", &["spring-vault-*"]),
    ("org.springframework.webflow", &["spring-binding", "spring-js", "spring-webflow"]),
    ("org.springframework.ws", &["spring-ws-*"]),
    ("org.apache.tomcat.embed", &["tomcat-embed-*"]),
    (
        "org.apache.tomcat",
        &[
            "tomcat",
            "tomcat-annotations-api",
            "tomcat-api",
            "tomcat-catalina",
            "tomcat-catalina-*",
            "tomcat-coyote",
            "tomcat-dbcp",
            "tomcat-el-api",
            "tomcat-i18n-*",
            "tomcat-jasper",
            "tomcat-jasper-el",
            "tomcat-jaspic-api",
            "tomcat-jdbc",
            "tomcat-jni",
            "tomcat-jsp-api",
            "tomcat-juli",
            "tomcat-servlet-api",
            "tomcat-ssi",
            "tomcat-storeconfig",
            "tomcat-tribes",
            "tomcat-util",
            "tomcat-util-scan",
            "tomcat-websocket",
            "tomcat-websocket-*",
        ],
    ),
    ("antlr", &["antlr"]),
    ("aopalliance", &["aopalliance"]),
    ("axis", &["axis", "axis-*"]),
    ("cglib", &["cglib", "cglib-nodep"]),
    ("ch.qos.logback", &["logback-access", "logback-classic", "logback-core"]),
    ("com.fasterxml.jackson.core", &["jackson-annotations", "jackson-core", "jackson-databind"]),
    ("com.fasterxml.jackson.dataformat", &["jackson-dataformat-*"]),
    ("com.fasterxml.jackson.datatype", &["jackson-datatype-*"]),
    ("com.fasterxml.jackson.module", &["jackson-module-*"]),
    ("org.codehaus.jackson", &["jackson-core-asl", "jackson-mapper-asl"]),
    ("com.google.code.gson", &["gson"]),
    ("com.google.guava", &["guava"]),
    ("com.google.inject", &["guice", "guice-no-aop"]),
    ("com.google.protobuf", &["protobuf-java", "protobuf-java-util", "protobuf-javalite"]),
    ("com.h2database", &["h2"]),
    ("com.hazelcast", &["hazelcast", "hazelcast-all"]),
    ("com.jcraft", &["jsch"]),
    ("com.mchange", &["c3p0", "mchange-commons-java"]),
    ("com.microsoft.sqlserver", &["mssql-jdbc"]),
    ("com.mysql", &["mysql-connector-j"]),
    ("mysql", &["mysql-connector-java"]),
    ("com.oracle.database.jdbc", &["ojdbc*", "ucp"]),
    ("com.squareup.okhttp3", &["logging-interceptor", "okhttp", "okhttp-*"]),
    ("com.squareup.okio", &["okio", "okio-jvm"]),
    ("com.squareup.retrofit2", &["retrofit"]),
    ("com.sun.faces", &["jsf-api", "jsf-impl"]),
    ("com.thoughtworks.xstream", &["xstream"]),
    ("com.zaxxer", &["HikariCP*"]),
    ("commons-beanutils", &["commons-beanutils", "commons-beanutils-core"]),
    ("commons-cli", &["commons-cli"]),
    ("commons-codec", &["commons-codec"]),
    ("commons-collections", &["commons-collections"]),
    ("commons-configuration", &["commons-configuration"]),
    ("commons-dbcp", &["commons-dbcp"]),
    ("commons-digester", &["commons-digester"]),
    ("commons-el", &["commons-el"]),
    ("commons-fileupload", &["commons-fileupload"]),
    ("commons-httpclient", &["commons-httpclient"]),
    ("commons-io", &["commons-io"]),
    ("commons-jxpath", &["commons-jxpath"]),
    ("commons-lang", &["commons-lang"]),
    ("commons-logging", &["commons-logging"]),
    ("commons-net", &["commons-net"]),
    ("commons-pool", &["commons-pool"]),
    ("commons-validator", &["commons-validator"]),
    ("org.apache.commons", &["commons-*"]),
    ("info.picocli", &["picocli"]),
    ("io.grpc", &["grpc-*"]),
    ("io.micrometer", &["micrometer-*"]),
    ("io.netty", &["netty", "netty-*"]),
    ("io.opentelemetry", &["opentelemetry-api", "opentelemetry-sdk*"]),
    ("io.projectreactor.netty", &["reactor-netty*"]),
    ("io.projectreactor", &["reactor-core"]),
    ("io.undertow", &["undertow-*"]),
    ("io.vertx", &["vertx-*"]),
    ("javax.servlet", &["javax.servlet-api"]),
    ("jaxen", &["jaxen"]),
    ("junit", &["junit"]),
    ("log4j", &["log4j"]),
    ("net.java.dev.jna", &["jna", "jna-platform"]),
    ("net.minidev", &["accessors-smart", "json-smart"]),
    ("net.sf.ehcache", &["ehcache", "ehcache-core"]),
    ("org.apache.ant", &["ant", "ant-*"]),
    ("org.apache.cassandra", &["cassandra-all"]),
    ("org.apache.geode", &["geode-*"]),
    ("org.apache.hadoop", &["hadoop-*"]),
    ("org.apache.httpcomponents.client5", &["httpclient5*"]),
    ("org.apache.httpcomponents.core5", &["httpcore5*"]),
    ("org.apache.httpcomponents", &["httpasyncclient", "httpclient", "httpcore", "httpmime"]),
    (
        "org.apache.kafka",
        &[
            "connect-api",
            "connect-runtime",
            "kafka-clients",
            "kafka-server-common",
            "kafka-streams",
            "kafka_*",
        ],
    ),
    ("org.slf4j", &["jcl-over-slf4j", "jul-to-slf4j", "log4j-over-slf4j", "slf4j-*"]),
    ("org.apache.logging.log4j", &["log4j-*"]),
    ("org.apache.lucene", &["lucene-*"]),
    ("org.apache.solr", &["solr-*"]),
    ("org.apache.struts.xwork", &["xwork-core"]),
    ("org.apache.struts", &["struts-core", "struts2-*"]),
    ("org.apache.velocity", &["velocity", "velocity-*"]),
    ("org.apache.xmlgraphics", &["batik-*", "fop", "fop-core", "xmlgraphics-commons"]),
    ("org.apache.zookeeper", &["zookeeper"]),
    ("org.aspectj", &["aspectjrt", "aspectjtools", "aspectjweaver"]),
    ("org.bouncycastle", &["bc-fips", "bcmail-*", "bcpg-*", "bcpkix-*", "bcprov-*", "bcutil-*"]),
    ("org.clojure", &["clojure"]),
    ("org.codehaus.jettison", &["jettison"]),
    ("org.eclipse.jdt", &["ecj", "org.eclipse.jdt.*"]),
    ("org.eclipse.jetty.http2", &["http2-*", "jetty-http2-*"]),
    ("org.eclipse.jetty", &["jetty-*"]),
    (
        "org.eclipse.platform",
        &["org.eclipse.core.*", "org.eclipse.equinox.*", "org.eclipse.osgi", "org.eclipse.osgi.*"],
    ),
    ("org.eclipse.sisu", &["org.eclipse.sisu.*"]),
    ("org.elasticsearch.client", &["elasticsearch-rest-*"]),
    ("org.elasticsearch.plugin", &["x-pack-*"]),
    ("org.elasticsearch", &["elasticsearch", "elasticsearch-*"]),
    ("org.freemarker", &["freemarker"]),
    ("org.hamcrest", &["hamcrest", "hamcrest-*"]),
    ("org.hdrhistogram", &["HdrHistogram"]),
    ("org.hsqldb", &["hsqldb"]),
    ("org.javassist", &["javassist"]),
    ("org.jboss.resteasy", &["resteasy-*"]),
    ("org.jdom", &["jdom", "jdom2"]),
    ("org.jetbrains.kotlin", &["kotlin-*"]),
    ("org.jetbrains.kotlinx", &["kotlinx-*"]),
    ("org.jruby", &["jruby-*"]),
    ("org.json", &["json"]),
    ("org.jsoup", &["jsoup"]),
    ("org.lz4", &["lz4-java"]),
    ("org.mozilla", &["rhino", "rhino-*"]),
    ("org.opensearch", &["opensearch", "opensearch-*"]),
    ("org.ow2.asm", &["asm", "asm-*"]),
    ("org.postgresql", &["postgresql"]),
    ("org.python", &["jython", "jython-*"]),
    ("org.quartz-scheduler", &["quartz", "quartz-*"]),
    ("org.scala-lang", &["scala-compiler", "scala-library", "scala-reflect"]),
    ("org.xerial.snappy", &["snappy-java"]),
    ("org.xerial", &["sqlite-jdbc"]),
    ("org.yaml", &["snakeyaml"]),
    ("oro", &["oro"]),
    ("rhino", &["js"]),
    ("tomcat", &["jasper-compiler", "jasper-runtime"]),
    ("xalan", &["serializer", "xalan"]),
    ("xerces", &["xercesImpl"]),
    ("xml-apis", &["xml-apis", "xml-apis-ext"]),
];

/// Groups that changed between versions, by the name of a module: an artifact's name is the same in
/// both.
const MODULES: &[(&str, &str)] =
    &[("org.apache.groovy", "org.apache.groovy"), ("org.codehaus.groovy", "org.codehaus.groovy")];

/// The files of Tomcat's own distribution, and the artifacts that are made of the same classes.
const TOMCAT: &[(&str, &str)] = &[
    ("annotations-api", "tomcat-annotations-api"),
    ("bootstrap", "tomcat"),
    ("catalina", "tomcat-catalina"),
    ("catalina-ant", "tomcat-catalina-ant"),
    ("catalina-ha", "tomcat-catalina-ha"),
    ("catalina-ssi", "tomcat-ssi"),
    ("catalina-storeconfig", "tomcat-storeconfig"),
    ("catalina-tribes", "tomcat-tribes"),
    ("el-api", "tomcat-el-api"),
    ("jasper", "tomcat-jasper"),
    ("jasper-el", "tomcat-jasper-el"),
    ("jaspic-api", "tomcat-jaspic-api"),
    ("jsp-api", "tomcat-jsp-api"),
    ("servlet-api", "tomcat-servlet-api"),
    ("websocket-api", "tomcat-websocket-api"),
    ("websocket-client-api", "tomcat-websocket-client-api"),
];

/// The group of a well-known artifact.
pub(super) fn group(artifact: &str) -> Option<&'static str> {
    let fits = |pattern: &&str| match pattern.strip_suffix('*') {
        Some(front) => artifact.len() > front.len() && artifact.starts_with(front),
        None => artifact == *pattern,
    };
    GROUPS.iter().find(|(_, artifacts)| artifacts.iter().any(&fits)).map(|it| it.0)
}

/// The group that a module is of.
pub(super) fn of_module(module: &str) -> Option<&'static str> {
    let is_within = |front: &str| {
        module.strip_prefix(front).is_some_and(|it| matches!(it.bytes().next(), None | Some(b'.')))
    };
    MODULES.iter().find(|(front, _)| is_within(front)).map(|it| it.1)
}

/// The artifact that a file of Tomcat's distribution holds.
pub(super) fn of_tomcat(stem: &str) -> Option<&'static str> {
    TOMCAT.iter().find(|it| it.0 == stem).map(|it| it.1)
}

#[cfg(test)]
mod tests {
    use super::{GROUPS, group, of_module, of_tomcat};

    #[test]
    fn the_first_row_that_fits_counts() {
        for (artifact, expected) in [
            ("spring-core", Some("org.springframework")),
            ("spring-security-oauth2", Some("org.springframework.security.oauth")),
            ("spring-security-core", Some("org.springframework.security")),
            ("tomcat-embed-core", Some("org.apache.tomcat.embed")),
            ("commons-io", Some("commons-io")),
            ("commons-text", Some("org.apache.commons")),
            ("kafka_2.13", Some("org.apache.kafka")),
            ("spring-nothing", None),
        ] {
            assert_eq!(group(artifact), expected, "{artifact}");
        }
        assert_eq!(of_tomcat("catalina"), Some("tomcat-catalina"));
        assert_eq!(of_module("org.apache.groovy.json"), Some("org.apache.groovy"));
        assert_eq!(of_module("org.apache.groovyx"), None);
    }

    #[test]
    fn every_row_can_be_reached() {
        for (expected, artifacts) in GROUPS {
            for pattern in *artifacts {
                assert_eq!(group(&pattern.replace('*', "zz")), Some(*expected), "{pattern}");
            }
        }
    }
}
