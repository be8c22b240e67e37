//! The names of the wire: namespaces, attribute identifiers and OIDs (handbook: generic functions, 0.4 and 2.3 to 2.5).

/// SOAP 1.2.
pub(super) const SOAP: &str = "http://www.w3.org/2003/05/soap-envelope";
/// WS-Addressing 1.0.
pub(super) const ADDRESSING: &str = "http://www.w3.org/2005/08/addressing";
pub(super) const ANONYMOUS: &str = "http://www.w3.org/2005/08/addressing/anonymous";
/// The SAML 2.0 profile of XACML 3.0: its query.
pub(super) const XACML_QUERY: &str = "urn:oasis:names:tc:xacml:3.0:profile:saml2.0:v2:schema:protocol:wd-14";
/// The same: the statement of a decision in an assertion, and the response that carries it; and signatures.
pub(super) const XACML_STATEMENT: &str = "urn:oasis:names:tc:xacml:3.0:profile:saml2.0:v2:schema:assertion:wd-14";
pub(super) const SAML_PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
pub(super) const SIGNATURE: &str = "http://www.w3.org/2000/09/xmldsig#";
/// XACML 3.0 itself.
pub(super) const XACML: &str = "urn:oasis:names:tc:xacml:3.0:core:schema:wd-17";
/// HL7 version 3, whose data types carry the values.
pub(super) const HL7: &str = "urn:hl7-org:v3";

/// WS-Addressing actions of the closed question.
pub(super) const CLOSED_ACTION: &str = "XACMLAuthorizationDecisionQueryRequest";
pub(super) const CLOSED_ANSWER_ACTION: &str = "http://schemas.otv.nl/toestemmingsregister/XACMLAuthzDecisionQuery/IGeslotenAutorisatievraagService/XACMLAuthzDecisionQueryResponse";

/// The open question: IHE XCPD, SAML 2.0, WS-Security, and its WS-Addressing actions.
pub(super) const XCPD: &str = "urn:ihe:iti:xcpd:2009";
pub(super) const SAML: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
pub(super) const SECURITY: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
pub(super) const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";
pub(super) const OPEN_ACTION: &str = "urn:ihe:iti:2009:PatientLocationQuery";
pub(super) const OPEN_ANSWER_ACTION: &str = "urn:ihe:iti:2009:PatientLocationQueryResponse";
pub(super) const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
pub(super) const BY_CERTIFICATE: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:X509";
/// Mitz, as the audience of an assertion.
pub(super) const AUDIENCE: &str = "urn:oid:2.16.840.1.113883.2.4.3.111.2.1";

/// Categories of attributes.
pub(super) const RESOURCE: &str = "urn:oasis:names:tc:xacml:3.0:attribute-category:resource";
pub(super) const ACTION: &str = "urn:oasis:names:tc:xacml:3.0:attribute-category:action";
pub(super) const SUBJECT: &str = "urn:oasis:names:tc:xacml:1.0:subject-category:access-subject";
pub(super) const ENVIRONMENT: &str = "urn:oasis:names:tc:xacml:3.0:attribute-category:environment";

/// Attributes.
pub(super) const PATIENT: &str = "urn:oasis:names:tc:xacml:2.0:resource:resource-id";
pub(super) const HOLDER_KIND: &str = "urn:ihe:iti:appc:2016:document-entry:healthcare-facility-type-code";
pub(super) const HOLDER: &str = "urn:ihe:iti:appc:2016:author-institution:id";
pub(super) const CATEGORY: &str = "urn:ihe:iti:appc:2016:document-entry:event-code";
pub(super) const ROLE: &str = "urn:oasis:names:tc:xacml:2.0:subject:role";
pub(super) const PROFESSIONAL: &str = "urn:ihe:iti:xua:2017:subject:provider-identifier";
pub(super) const MANDATED: &str = "urn:nl:otv:names:tc:1.0:subject:mandated";
pub(super) const USER: &str = "urn:nl:otv:names:tc:1.0:subject:provider-institution";
pub(super) const USER_KIND: &str = "urn:nl:otv:names:tc:1.0:subject:consulting-healthcare-facility-type-code";
pub(super) const PURPOSE: &str = "urn:oasis:names:tc:xspa:1.0:subject:purposeofuse";

/// Data types of values: an identifier, a code.
pub(super) const II: &str = "urn:hl7-org:v3#II";
pub(super) const CV: &str = "urn:hl7-org:v3#CV";

/// OIDs of identifiers and codes.
pub(super) const BSN_OID: &str = "2.16.840.1.113883.2.4.6.3";
pub(super) const URA_OID: &str = "2.16.528.1.1007.3.3";
pub(super) const UZI_OID: &str = "2.16.528.1.1007.3.1";
pub(super) const ROLE_OID: &str = "2.16.840.1.113883.2.4.15.111";
pub(super) const KIND_OID: &str = "2.16.840.1.113883.2.4.15.1060";
pub(super) const CATEGORY_OID: &str = "2.16.840.1.113883.2.4.3.111.5.10.1";
pub(super) const PURPOSE_OID: &str = "2.16.840.1.113883.1.11.20448";
