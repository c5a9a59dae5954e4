//! Whole builds against a BuildKit in this process that does what a real one cannot be made to do.

mod buildkit;
mod capabilities;
mod dockerfile;
mod failures;
mod inventories;
mod judge;
mod order;
mod results;

use std::sync::Arc;
use std::time::Duration;

use layergate_proto::{gateway, rpc};
use prost::Message as _;
use serde_json::Value;

use crate::request::Request;
use crate::stdio;
use buildkit::BuildKit;
use judge::Judge;

/// A build with one step on a base, and one more.
const THREE_STEPS: &str = "FROM base\nRUN one\nRUN two\n";

/// How a build went.
struct Outcome {
    buildkit: Arc<BuildKit>,
    answer: gateway::ReturnRequest,
}

impl Outcome {
    fn error(&self) -> &rpc::Status {
        self.answer.error.as_ref().unwrap()
    }

    fn result(&self) -> &gateway::Result {
        self.answer.result.as_ref().unwrap()
    }

    /// In one line: that it passed, or the error and the lines it is shown at.
    fn told(&self) -> String {
        let Some(status) = &self.answer.error else { return "passed".to_owned() };
        let places =
            status.details.iter().filter(|it| it.type_url.ends_with("errdefs.Source+json"));
        let place = |json: Value| {
            let line = |end: &str| json["ranges"][0][end]["line"].to_string();
            let file = json["info"]["filename"].as_str().unwrap_or_default();
            format!(" @ {file}:{}-{}", line("start"), line("end"))
        };
        let places = places.map(|it| place(serde_json::from_slice(&it.value).unwrap()));
        places.fold(status.message.clone(), |text, it| text + &it)
    }

    /// The scans that were asked for.
    fn scans(&self) -> Vec<String> {
        let calls = self.buildkit.calls();
        calls.iter().filter_map(|it| it.strip_prefix("build scan ")).map(str::to_owned).collect()
    }
}

/// Gates the build that `buildkit` plays.
async fn gate(buildkit: BuildKit, judge: &Judge) -> Outcome {
    gate_with(buildkit, judge, &[]).await
}

/// Gates with frontend options. That BuildKit is answered, and once, is asserted for every build.
async fn gate_with(buildkit: BuildKit, judge: &Judge, opts: &[(&str, &str)]) -> Outcome {
    let own_image = tempfile::NamedTempFile::new().unwrap();
    let image = dockerfile::definition("FROM layergate");
    std::fs::write(&own_image, image.encode_to_vec()).unwrap();
    let opts = opts.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    let request = Request { opts: opts.collect(), session: "session".to_owned() };

    let buildkit = Arc::new(buildkit);
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    let answered = async {
        let channel = stdio::over(ours).await.unwrap();
        crate::answer(channel, &judge, &request, own_image.path()).await
    };
    // The clock stands still as long as anybody has something to do.
    tokio::select! {
        answered = answered => answered.unwrap(),
        () = buildkit.serve(theirs) => panic!("BuildKit hung up"),
        () = tokio::time::sleep(Duration::from_secs(60)) => {
            panic!("each waits for the other after {:#?}", buildkit.calls())
        }
    }
    let mut answers = buildkit.answers();
    assert_eq!(answers.len(), 1, "{answers:?}");
    Outcome { answer: answers.remove(0), buildkit }
}
