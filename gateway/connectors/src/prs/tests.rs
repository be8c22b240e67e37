//! All three parties together: who asks, who evaluates, and for whom.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeySize, PrivateDecryptingKey};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use fhir::Bsn;
use rand_core::OsRng;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::datetime;

use super::message::{Reader, Writer};
use super::oprf;
use super::*;

const NAME: &str = "ura:90000901";
const SCOPE: &str = "regionale-verwijsindex";
const NOW: OffsetDateTime = datetime!(2026-11-01 12:00 UTC);

/// A new key as PEM: private, public.
fn keys() -> (Vec<u8>, Vec<u8>) {
    let key = PrivateDecryptingKey::generate(KeySize::Rsa2048).unwrap();
    let pem = |kind: &str, der: &[u8]| {
        format!("-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n", STANDARD.encode(der)).into_bytes()
    };
    let (private, public) = (AsDer::<Pkcs8V1Der>::as_der(&key).unwrap(), key.public_key());
    let public = AsDer::<PublicKeyX509Der>::as_der(&public).unwrap();
    (pem("PRIVATE KEY", private.as_ref()), pem("PUBLIC KEY", public.as_ref()))
}

fn bsn(text: &str) -> Bsn {
    Bsn::parse(text).unwrap()
}

fn question(point: &[u8], recipient: &str, scope: &str) -> Vec<u8> {
    let body = json!({"encryptedPersonalId": URL_SAFE.encode(point), "recipientOrganization": recipient, "recipientScope": scope});
    body.to_string().into_bytes()
}

/// A patient token as a client makes it.
fn token(evaluator: &Evaluator, patient: &str, scope: &str) -> String {
    let blinded = oprf::blind(&bsn(patient), NAME, scope, &mut OsRng).unwrap();
    let jwe = evaluator.evaluate(&question(&blinded.point, NAME, scope), NOW).unwrap();
    PatientToken::join(&jwe, &blinded).unwrap().reveal().to_owned()
}

#[test]
fn the_same_patient_is_the_same_pseudonym_whatever_the_blind_and_another_is_another() {
    let (private, public) = keys();
    let evaluator = Evaluator::new(&[7; 32]).unwrap().with_recipient(NAME, SCOPE, &public).unwrap();
    let evaluator = evaluator.with_recipient(NAME, "other", &public).unwrap();
    let recipient = Recipient::new(NAME, SCOPE, &private, &[9; 32]).unwrap();
    let (one, again) = (token(&evaluator, "999911120", SCOPE), token(&evaluator, "999911120", SCOPE));
    assert_ne!(one, again);
    let pseudonym = recipient.pseudonym(&one, NOW).unwrap();
    assert_eq!(recipient.pseudonym(&again, NOW), Some(pseudonym));
    assert_ne!(recipient.pseudonym(&token(&evaluator, "900203638", SCOPE), NOW), Some(pseudonym));
    // Kept under another secret, or evaluated under another, it is another.
    let elsewhere = Recipient::new(NAME, SCOPE, &private, &[8; 32]).unwrap();
    assert_ne!(elsewhere.pseudonym(&one, NOW), Some(pseudonym));
    let other = Evaluator::new(&[6; 32]).unwrap().with_recipient(NAME, SCOPE, &public).unwrap();
    assert_ne!(recipient.pseudonym(&token(&other, "999911120", SCOPE), NOW), Some(pseudonym));
    // Not of now, not for this use, not for this recipient, not for this key.
    let late = token(&evaluator, "999911120", SCOPE);
    assert_eq!(recipient.pseudonym(&late, NOW + time::Duration::seconds(301)), None);
    assert_eq!(recipient.pseudonym(&late, NOW), Some(pseudonym));
    // Each is good for one question, also when the same message is wrapped anew.
    assert_eq!(recipient.pseudonym(&late, NOW), None);
    let wrapped_anew =
        URL_SAFE_NO_PAD.encode(format!(" {}", String::from_utf8(URL_SAFE_NO_PAD.decode(&late).unwrap()).unwrap()));
    assert_eq!(recipient.pseudonym(&wrapped_anew, NOW), None);
    assert_eq!(recipient.pseudonym(&token(&evaluator, "999911120", "other"), NOW), None);
    assert_eq!(Recipient::new("ura:90000902", SCOPE, &private, &[9; 32]).unwrap().pseudonym(&one, NOW), None);
    assert_eq!(Recipient::new(NAME, SCOPE, &keys().0, &[9; 32]).unwrap().pseudonym(&one, NOW), None);
    for broken in ["", "x", "e30", &one[..one.len() - 8], &"A".repeat(20_000)] {
        assert_eq!(recipient.pseudonym(broken, NOW), None);
    }
}

#[test]
fn a_point_or_a_blind_that_is_none_is_refused_and_so_is_whoever_is_not_known() {
    let (private, public) = keys();
    let evaluator = Evaluator::new(&[7; 32]).unwrap().with_recipient(NAME, SCOPE, &public).unwrap();
    let blinded = oprf::blind(&bsn("999911120"), NAME, SCOPE, &mut OsRng).unwrap();
    let long = [blinded.point.as_slice(), &[0]].concat();
    for (body, why) in [
        (question(&blinded.point, "ura:90000902", SCOPE), NotEvaluated::UnknownRecipient),
        (question(&blinded.point, NAME, "other"), NotEvaluated::UnknownRecipient),
        // The identity, no point at all, a torn one, one with something behind it.
        (question(&[0; 32], NAME, SCOPE), NotEvaluated::NoPoint),
        (question(&[255; 32], NAME, SCOPE), NotEvaluated::NoPoint),
        (question(&blinded.point[..31], NAME, SCOPE), NotEvaluated::NoPoint),
        (question(&long, NAME, SCOPE), NotEvaluated::NoPoint),
        (b"{}".to_vec(), NotEvaluated::Malformed),
        (b"\xff".to_vec(), NotEvaluated::Malformed),
    ] {
        assert_eq!(evaluator.evaluate(&body, NOW).unwrap_err(), why);
    }
    let recipient = Recipient::new(NAME, SCOPE, &private, &[9; 32]).unwrap();
    let jwe = evaluator.evaluate(&question(&blinded.point, NAME, SCOPE), NOW).unwrap();
    for blind in [vec![0; 32], vec![255; 32], vec![1; 31], Vec::new()] {
        let token = json!({"evaluated_output": jwe, "blind_factor": URL_SAFE.encode(blind)}).to_string();
        assert_eq!(recipient.pseudonym(&URL_SAFE_NO_PAD.encode(token), NOW), None);
    }
}

#[test]
fn a_message_is_read_whole_by_its_recipient_or_not_at_all() {
    let (private, public) = keys();
    let (writer, reader) = (Writer::new(&public).unwrap(), Reader::new(&private).unwrap());
    let content = json!({"subject": "x"});
    let message = writer.write(&content).unwrap();
    assert_eq!(reader.read(&message), Some(content.clone()));
    assert_ne!(writer.write(&content).unwrap(), message, "no two are alike");
    let parts: Vec<&str> = message.split('.').collect();
    let with = |at: usize, part: &str| {
        let mut parts = parts.clone();
        parts[at] = part;
        parts.join(".")
    };
    let header = |header: Value| with(0, &URL_SAFE_NO_PAD.encode(header.to_string()));
    for changed in [
        header(json!({"alg": "RSA-OAEP-256", "enc": "A256GCM"})),
        header(json!({"alg": "dir", "enc": "A256GCM"})),
        header(json!({"alg": "RSA-OAEP", "enc": "A128GCM"})),
        header(json!({"alg": "RSA-OAEP", "enc": "A256GCM", "zip": "DEF"})),
        header(json!({"alg": "RSA-OAEP", "enc": "A256GCM"})),
        with(1, "AAAA"),
        with(2, "AAAAAAAAAAAAAAAA"),
        with(3, "AAAA"),
        with(4, "AAAAAAAAAAAAAAAAAAAAAA"),
        with(4, "AAAA"),
        format!("{message}.AAAA"),
        parts[..4].join("."),
    ] {
        assert_eq!(reader.read(&changed), None, "{changed}");
    }
    assert!(matches!(Writer::new(&private), Err(KeyFault::NoPublicKey)));
    assert!(matches!(Reader::new(&public), Err(KeyFault::NoPrivateKey)));
}

/// The published vectors: what the service evaluates, and what the recipient finds under the blind.
#[test]
fn the_published_vectors_evaluate_and_unblind_to_the_byte() {
    let hex = |text: &str| -> [u8; 32] {
        let pairs = text.as_bytes().chunks(2);
        let bytes: Vec<u8> =
            pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect();
        bytes.try_into().unwrap()
    };
    let secret = hex("5ebcea5ee37023ccb9fc2d2019f9d7737be85591ae8652ffa9ef0f4d37063b0e");
    let blind = hex("64d37aed22a27f5191de1c1d69fadb899d8862b58eb4220029e036ec4c1f6706");
    let table = [
        (
            "34e8c8a882150c7cd2d028261f24fd30f0ab45070d59cc3eeb1164ba82c2b069",
            "7445b598980c352ddf3b9934165b701e1b47cb3716039c8454eb129a045ec576",
            "22dcfc14134bf145333fd33e0facf5458179e296095d3671025ee8e4f410c75b",
        ),
        (
            "e08260996fc484d0a2fb526636c13885d73217474da636d61b32402d6327e26b",
            "babf332706388dad72cb0fcd9a7dac1018990f722afd174018d22fd0a8a8f756",
            "762aae964bce4f4f9ba72828b39c00fa6f5dee2e55c606620a5145a724cfc151",
        ),
    ];
    let (private, public) = keys();
    let evaluator = Evaluator::with_scalar(&secret).with_recipient(NAME, SCOPE, &public).unwrap();
    let reader = Reader::new(&private).unwrap();
    for (point, evaluated, unblinded) in table {
        let jwe = evaluator.evaluate(&question(&hex(point), NAME, SCOPE), NOW).unwrap();
        let content = reader.read(&jwe).unwrap();
        let told = content["subject"].as_str().unwrap().strip_prefix("pseudonym:eval:").unwrap().to_owned();
        assert_eq!(URL_SAFE.decode(told).unwrap(), hex(evaluated));
        assert_eq!(recipient::unblind(&hex(evaluated), &blind), Some(hex(unblinded)));
    }
}
