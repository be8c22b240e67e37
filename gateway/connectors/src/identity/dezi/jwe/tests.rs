use aws_lc_rs::cipher::{EncryptionContext, PaddedBlockEncryptingKey};
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::{KeySize, OaepPublicEncryptingKey, PublicEncryptingKey};
use proptest::prelude::*;
use serde_json::json;

use super::*;

fn hex(text: &str) -> Vec<u8> {
    text.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn b64(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

/// A new key, and its public half.
pub(in crate::identity::dezi) fn key(encryption: ContentEncryption) -> (MessageKey, PublicEncryptingKey) {
    let private = PrivateDecryptingKey::generate(KeySize::Rsa2048).unwrap();
    let public = private.public_key();
    let der = AsDer::<aws_lc_rs::encoding::Pkcs8V1Der>::as_der(&private).unwrap();
    (MessageKey::from_der(der.as_ref(), encryption).unwrap(), public)
}

/// A message to the owner of the key.
pub(in crate::identity::dezi) fn encrypt(
    public: &PublicEncryptingKey,
    encryption: ContentEncryption,
    header: &Value,
    content: &[u8],
) -> String {
    let mut cek = vec![0; encryption.key_length()];
    rand::fill(&mut cek).unwrap();
    let oaep = OaepPublicEncryptingKey::new(public.clone()).unwrap();
    let mut room = vec![0; oaep.ciphertext_size()];
    let wrapped = oaep.encrypt(&OAEP_SHA1_MGF1SHA1, &cek, &mut room, None).unwrap();
    let header = URL_SAFE_NO_PAD.encode(header.to_string());
    let (mac, enc) = cek.split_at(encryption.key_length() / 2);
    let (digest, cipher) = match encryption {
        ContentEncryption::A256CbcHs512 => (hmac::HMAC_SHA512, &AES_256),
        ContentEncryption::A128CbcHs256 => (hmac::HMAC_SHA256, &AES_128),
    };
    let cipher = PaddedBlockEncryptingKey::cbc_pkcs7(UnboundCipherKey::new(cipher, enc).unwrap()).unwrap();
    let mut text = content.to_vec();
    let iv = [7; BLOCK];
    cipher.less_safe_encrypt(&mut text, EncryptionContext::Iv128(FixedLength::from(iv))).unwrap();
    let bits = (header.len() as u64 * 8).to_be_bytes();
    let tag = hmac::sign(&hmac::Key::new(digest, mac), &[header.as_bytes(), &iv, &text, &bits].concat());
    let of = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let tag = &tag.as_ref()[..encryption.key_length() / 2];
    format!("{header}.{}.{}.{}.{}", of(wrapped), of(&iv), of(&text), of(tag))
}

pub(in crate::identity::dezi) fn header(encryption: ContentEncryption) -> Value {
    json!({"alg": "RSA-OAEP", "enc": encryption.name(), "cty": "JWT"})
}

#[test]
fn the_vectors_of_rfc_7518_appendix_b_decrypt_and_one_bit_less_does_not() {
    let text = "A cipher system must not be required to be secret, and it must be able to fall into the hands of the enemy \
                without inconvenience";
    let iv = hex("1af38c2dc2b96ffdd86694092341bc04");
    let aad = b"The second principle of Auguste Kerckhoffs";
    // B.1 and B.3.
    let cases = [
        (
            ContentEncryption::A128CbcHs256,
            "c80edfa32ddf39d5ef00c0b468834279a2e46a1b8049f792f76bfe54b903a9c9a94ac9b47ad2655c5f10f9aef71427e2fc6f9b3f\
             399a221489f16362c703233609d45ac69864e3321cf82935ac4096c86e133314c54019e8ca7980dfa4b9cf1b384c486f3a54c510\
             78158ee5d79de59fbd34d848b3d69550a67646344427ade54b8851ffb598f7f80074b9473c82e2db",
            "652c3fa36b0a7c5b3219fab3a30bc1c4",
        ),
        (
            ContentEncryption::A256CbcHs512,
            "4affaaadb78c31c5da4b1b590d10ffbd3dd8d5d302423526912da037ecbcc7bd822c301dd67c373bccb584ad3e9279c2e6d12a13\
             74b77f077553df829410446b36ebd97066296ae6427ea75c2e0846a11a09ccf5370dc80bfecbad28c73f09b3a3b75e662a259441\
             0ae496b2e2e6609e31e6e02cc837f053d21f37ff4f51950bbe2638d09dd7a4930930806d0703b1f6",
            "4dd3b4c088a7f45c216839645b2012bf2e6269a8c56a816dbc1b267761955bc5",
        ),
    ];
    for (encryption, ciphertext, tag) in cases {
        let key: Vec<u8> = (0..).take(encryption.key_length()).collect();
        let (ciphertext, tag) = (hex(ciphertext), hex(tag));
        let plain = encryption.decrypt(&key, &iv, aad, &ciphertext, &tag).unwrap();
        assert_eq!(std::str::from_utf8(&plain).unwrap(), text);
        let flipped =
            |bytes: &[u8]| bytes.iter().enumerate().map(|(at, byte)| byte ^ u8::from(at == 3)).collect::<Vec<_>>();
        for (key, iv, aad, ciphertext, tag) in [
            (&flipped(&key), &iv, aad.to_vec(), &ciphertext, &tag),
            (&key, &flipped(&iv), aad.to_vec(), &ciphertext, &tag),
            (&key, &iv, flipped(aad), &ciphertext, &tag),
            (&key, &iv, aad.to_vec(), &flipped(&ciphertext), &tag),
            (&key, &iv, aad.to_vec(), &ciphertext, &flipped(&tag)),
            (&key, &iv, aad.to_vec(), &ciphertext, &tag[..8].to_vec()),
            (&key, &iv, aad.to_vec(), &ciphertext, &Vec::new()),
        ] {
            assert_eq!(encryption.decrypt(key, iv, &aad, ciphertext, tag).err(), Some(NotReadable));
        }
    }
}

/// A DER element.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut out = vec![tag];
    match length {
        0..128 => out.push(length as u8),
        128..256 => out.extend([0x81, length as u8]),
        _ => out.extend([0x82, (length >> 8) as u8, length as u8]),
    }
    out.extend_from_slice(content);
    out
}

#[test]
fn the_encrypted_key_of_rfc_7516_appendix_a_1_unwraps_to_its_content_key() {
    // Modulus, public and private exponent as in A.1.3; the primes and what follows from them.
    let numbers = [
        "AA",
        "oahUIoWw0K0usKNuOR6H4wkf4oBUXHTxRvgb48E-BVvxkeDNjbC4he8rUWcJoZmds2h7M70imEVhRU5djINXtqllXI4DFqcI1DgjT9LewND8MW2Krf3S\
         psk_ZkoFnilakGygTwpZ3uesH-PFABNIUYpOiN15dsQRkgr0vEhxN92i2asbOenSZeyaxziK72UwxrrKoExv6kc5twXTq4h-QChLOln0_mtUZwfsRaMS\
         tPs6mS6XrgxnxbWhojf663tuEQueGC-FCMfra36C9knDFGzKsNa7LZK2djYgyD3JR_MB_4NUJW_TqOQtwHYbxevoJArm-L5StowjzGy-_bq6Gw",
        "AQAB",
        "kLdtIj6GbDks_ApCSTYQtelcNttlKiOyPzMrXHeI-yk1F7-kpDxY4-WY5NWV5KntaEeXS1j82E375xxhWMHXyvjYecPT9fpwR_M9gV8n9Hrh2anTpTD9\
         3Dt62ypW3yDsJzBnTnrYu1iwWRgBKrEYY46qAZIrA2xAwnm2X7uGR1hghkqDp0Vqj3kbSCz1XyfCs6_LehBwtxHIyh8Ripy40p24moOAbgxVw3rxT_vl\
         t3UVe4WO3JkJOzlpUf-KTVI2Ptgm-dARxTEtE-id-4OJr0h-K-VFs3VSndVTIznSxfyrj8ILL6MG_Uv8YAu7VILSB3lOW085-4qE3DzgrTjgyQ",
        "1r52Xk46c-LsfB5P442p7atdPUrxQSy4mti_tZI3Mgf2EuFVbUoDBvaRQ-SWxkbkmoEzL7JXroSBjSrK3YIQgYdMgyAEPTPjXv_hI2_1eTSPVZfzL0lf\
         fNn03IXqWF5MDFuoUYE0hzb2vhrlN_rKrbfDIwUbTrjjgieRbwC6Cl0",
        "wLb35x7hmQWZsWJmB_vle87ihgZ19S8lBEROLIsZG4ayZVe9Hi9gDVCOBmUDdaDYVTSNx_8Fyw1YYa9XGrGnDew00J28cRUoeBB_jKI1oma0Orv1T9aX\
         IWxKwd4gvxFImOWr3QRL9KEBRzk2RatUBnmDZJTIAfwTs0g68UZHvtc",
        "ZK-YwE7diUh0qR1tR7w8WHtolDx3MZ_OTowiFvgfeQ3SiresXjm9gZ5KLhMXvo-uz-KUJWDxS5pFQ_M0evdo1dKiRTjVw_x4NyqyXPM5nULPkcpU827r\
         npZzAJKpdhWAgqrXGKAECQH0Xt4taznjnd_zVpAmZZq60WPMBMfKcuE",
        "Dq0gfgJ1DdFGXiLvQEZnuKEN0UUmsJBxkjydc3j4ZYdBiMRAy86x0vHCjywcMlYYg4yoC4YZa9hNVcsjqA3FeiL19rk8g6Qn29Tt0cj8qqyFpz9vNDBU\
         fCAiJVeESOjJDZPYHdHY8v1b-o-Z2X5tvLx-TCekf7oxyeKDUqKWjis",
        "VIMpMYbPf47dT1w_zDUXfPimsSegnMOA1zTaX7aGk_8urY6R8-ZW1FxU7AlWAyLWybqq6t16VFd7hQd0y6flUK4SlOydB61gwanOsXGOAOv82cHq0E3e\
         L4HrtZkUuKvnPrMnsUUFlfUdybVzxyjz9JF_XyaY14ardLSjf4L_FNY",
    ];
    let integers: Vec<u8> = numbers
        .iter()
        .flat_map(|number| {
            let mut bytes = b64(number);
            if bytes[0] & 0x80 != 0 {
                bytes.insert(0, 0);
            }
            der(2, &bytes)
        })
        .collect();
    let rsa_encryption = der(0x30, &[der(6, &hex("2a864886f70d010101")), der(5, &[])].concat());
    let pkcs8 = der(0x30, &[der(2, &[0]), rsa_encryption, der(4, &der(0x30, &integers))].concat());
    let key = MessageKey::from_der(&pkcs8, ContentEncryption::A128CbcHs256).unwrap();
    let encrypted = b64(
        "OKOawDo13gRp2ojaHV7LFpZcgV7T6DVZKTyKOMTYUmKoTCVJRgckCL9kiMT03JGeipsEdY3mx_etLbbWSrFr05kLzcSr4qKAq7YN7e9jwQRb23nfa6c9\
         d-StnImGyFDbSv04uVuxIp5Zms1gNxKKK2Da14B8S4rzVRltdYwam_lDp5XnZAYpQdb76FdIKLaVmqgfwX7XWRxv2322i-vDxRfqNzo_tETKzpVLzfiw\
         QyeyPGLBIO56YJ7eObdv0je81860ppamavo35UgoRdbYaBcoh9QcfylQr66oc6vFWXRcZ_ZT2LawVCWTIy3brGPi6UklfCpIMfIjf7iGdXKHzg",
    );
    let expected = hex("b1a1f480548fe1733fb403ff6b9ad4f68a076e5b702e22692f82cb2e7aea40fc");
    assert_eq!(*key.content_key(&encrypted).unwrap(), expected);
    let (other, _) = self::key(ContentEncryption::A128CbcHs256);
    assert_ne!(*other.content_key(&encrypted).unwrap(), expected);
}

#[test]
fn a_message_is_read_by_its_key_in_the_configured_way_and_in_no_other() {
    for encryption in [ContentEncryption::A256CbcHs512, ContentEncryption::A128CbcHs256] {
        let (key, public) = key(encryption);
        let message = encrypt(&public, encryption, &header(encryption), b"content");
        assert_eq!(**key.decrypt(&message).unwrap(), *b"content");
        let (stranger, _) = self::key(encryption);
        assert_eq!(stranger.decrypt(&message).err(), Some(NotReadable));
        let with = |name: &str, value: Value| {
            let mut header = header(encryption);
            header[name] = value;
            encrypt(&public, encryption, &header, b"content")
        };
        let mut parts: Vec<&str> = message.split('.').collect();
        (parts[1], parts[4]) = (parts[4], parts[1]);
        for (what, message) in [
            ("RSA1_5", with("alg", json!("RSA1_5"))),
            ("another OAEP", with("alg", json!("RSA-OAEP-256"))),
            ("dir", with("alg", json!("dir"))),
            ("another encryption", with("enc", json!("A256GCM"))),
            ("an extension", with("crit", json!(["exp"]))),
            ("compression", with("zip", json!("DEF"))),
            ("an unprotected change", message.replacen('.', "A.", 1)),
            ("parts that changed place", parts.join(".")),
            ("a part more", format!("{message}.x")),
            ("a part less", message.rsplit_once('.').unwrap().0.to_owned()),
            ("padding", message.replacen('.', "=.", 1)),
            ("nothing", String::new()),
            ("dots", "....".to_owned()),
            ("too long", "a".repeat(LONGEST + 1)),
        ] {
            assert_eq!(key.decrypt(&message).err(), Some(NotReadable), "{what}");
        }
    }
}

#[test]
fn a_key_that_is_none_or_too_short_is_refused() {
    let torn = ["-----BEGIN ", "PRIVATE KEY-----\nAAAA\n-----END ", "PRIVATE KEY-----\n"].concat();
    for pem in ["", "x", &torn] {
        assert!(MessageKey::new(pem.as_bytes(), ContentEncryption::default()).is_err());
    }
    let ec = rcgen::KeyPair::generate().unwrap();
    let fault = MessageKey::new(ec.serialize_pem().as_bytes(), ContentEncryption::default()).unwrap_err();
    assert!(!fault.0.contains("PRIVATE"), "{fault}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn nothing_that_is_made_up_is_read(message in "[A-Za-z0-9_.-]{0,300}") {
        thread_local!(static KEY: MessageKey = key(ContentEncryption::default()).0);
        KEY.with(|key| assert_eq!(key.decrypt(&message).err(), Some(NotReadable)));
    }
}
