use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::*;
use crate::http::{FetchFault, Trust, WebAddress};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";

fn config(url: &str) -> WebhookConfig {
    WebhookConfig {
        url: WebAddress::parse(url).unwrap(),
        secret_file: "secret".into(),
        authorities_file: None,
        certificate_file: None,
        key_file: None,
        patience_ms: 2_000,
    }
}

/// Answers each connection with the next of these, and keeps what it was told; nothing closes without an answer.
fn stub(answers: &[&'static str]) -> (WebhookReceiver, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/notices", listener.local_addr().unwrap());
    let told: Arc<Mutex<Vec<String>>> = Arc::default();
    let (all, answers) = (told.clone(), answers.to_vec());
    std::thread::spawn(move || {
        for answer in answers {
            let (mut socket, _) = listener.accept().unwrap();
            socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
            let (mut request, mut buffer) = (Vec::new(), [0; 4096]);
            while !request.ends_with(b"}") {
                match socket.read(&mut buffer) {
                    Ok(read @ 1..) => request.extend_from_slice(&buffer[..read]),
                    _ => break,
                }
            }
            all.lock().unwrap().push(String::from_utf8(request).unwrap());
            socket.write_all(answer.as_bytes()).unwrap();
        }
    });
    let secrets = Secrets::parse(SECRET).unwrap();
    (WebhookReceiver::new(config(&url), secrets, Trust::Roots(Vec::new()), None).unwrap(), told)
}

#[test]
fn a_message_is_signed_as_the_scheme_has_it_with_every_secret() {
    // The vector that the libraries of Standard Webhooks are tested with.
    let (id, moment, body) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
    let known = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    assert_eq!(Secrets::parse(SECRET).unwrap().sign(id, moment, body), known);
    let both = Secrets::parse(&format!("{SECRET}\n\n  {OTHER}\n")).unwrap().sign(id, moment, body);
    let (first, second) = both.split_once(' ').unwrap();
    assert_eq!(first, known);
    assert_eq!(second, Secrets::parse(OTHER).unwrap().sign(id, moment, body));
}

#[test]
fn what_is_no_secret_is_refused_and_none_is_shown() {
    for (text, fault) in [
        ("", SecretFault::None),
        ("\n \n", SecretFault::None),
        ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", SecretFault::Form),
        ("whsec_%", SecretFault::Form),
        ("whsec_AAAA", SecretFault::Length),
        (&format!("{SECRET}\n").repeat(5), SecretFault::TooMany),
    ] {
        assert_eq!(Secrets::parse(text).unwrap_err(), fault, "{text}");
    }
    assert_eq!(format!("{:?}", Secrets::parse(SECRET).unwrap()), "Secrets(***)");
}

#[tokio::test]
async fn it_is_taken_when_the_answer_says_so_and_otherwise_it_is_said_why_not() {
    let (receiver, told) = stub(&[
        "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 900000\r\nConnection: close\r\n\r\nlong",
        "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 410 Gone\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "",
        "rubbish",
    ]);
    for expected in [
        Ok(()),
        Ok(()),
        Err(DeliveryFault::Refused(400)),
        Err(DeliveryFault::Refused(410)),
        Err(DeliveryFault::Refused(302)),
        Err(DeliveryFault::Busy(429)),
        Err(DeliveryFault::Busy(503)),
        Err(DeliveryFault::Away(FetchFault::Dropped)),
        Err(DeliveryFault::Away(FetchFault::Dropped)),
    ] {
        assert_eq!(receiver.deliver("90010001-7", 1_614_265_330, "{\"a\":1}".to_owned()).await, expected);
    }
    assert_eq!(
        receiver.deliver("x", 1, "{}".to_owned()).await,
        Err(DeliveryFault::Away(FetchFault::Unreachable)),
        "nobody listens any more"
    );
    let told = told.lock().unwrap();
    let signature = Secrets::parse(SECRET).unwrap().sign("90010001-7", 1_614_265_330, "{\"a\":1}");
    for line in [
        "POST /notices HTTP/1.1",
        "content-type: application/json",
        "webhook-id: 90010001-7",
        "webhook-timestamp: 1614265330",
        &format!("webhook-signature: {signature}"),
        "{\"a\":1}",
    ] {
        assert!(told[0].lines().any(|own| own == line), "{line} is not in {}", told[0]);
    }
}

#[tokio::test]
async fn a_receiver_that_does_not_answer_is_not_waited_for_longer_than_there_is_patience() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let config = WebhookConfig { patience_ms: 100, ..config(&url) };
    let secrets = Secrets::parse(SECRET).unwrap();
    let receiver = WebhookReceiver::new(config, secrets, Trust::Roots(Vec::new()), None).unwrap();
    let fault = receiver.deliver("x", 1, "{}".to_owned()).await;
    assert_eq!(fault, Err(DeliveryFault::Away(FetchFault::TimedOut)));
}

#[test]
fn it_is_spoken_to_over_https_and_both_halves_of_an_identity_are_given() {
    let good = config("https://notices.example/in");
    assert_eq!(good.check(false), Ok(()));
    let plain = config("http://127.0.0.1:1/in");
    assert_eq!(plain.check(true), Ok(()));
    for (bad, development) in [
        (plain.clone(), false),
        (config("http://notices.example/in"), true),
        (WebhookConfig { certificate_file: Some("c".into()), ..good.clone() }, false),
        (WebhookConfig { key_file: Some("k".into()), ..good.clone() }, false),
        (WebhookConfig { patience_ms: 0, ..good.clone() }, false),
        (WebhookConfig { patience_ms: 60_001, ..good.clone() }, false),
    ] {
        assert!(bad.check(development).is_err(), "{bad:?}");
    }
}
