//! Names of the wire, written here from the standards and not taken from any gateway, so that a slip in one is seen by the
//! other.

pub const SOAP: &str = "http://www.w3.org/2003/05/soap-envelope";
pub const ADDRESSING: &str = "http://www.w3.org/2005/08/addressing";
pub const QUERY: &str = "urn:oasis:names:tc:xacml:3.0:profile:saml2.0:v2:schema:protocol:wd-14";
pub const STATEMENT: &str = "urn:oasis:names:tc:xacml:3.0:profile:saml2.0:v2:schema:assertion:wd-14";
pub const SAML_PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
pub const SIGNATURE: &str = "http://www.w3.org/2000/09/xmldsig#";
pub const XACML: &str = "urn:oasis:names:tc:xacml:3.0:core:schema:wd-17";
pub const HL7: &str = "urn:hl7-org:v3";
pub const XCPD: &str = "urn:ihe:iti:xcpd:2009";
pub const SAML: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
pub const SECURITY: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";

pub const RESOURCE: &str = "urn:oasis:names:tc:xacml:3.0:attribute-category:resource";
pub const ACTION: &str = "urn:oasis:names:tc:xacml:3.0:attribute-category:action";
pub const SUBJECT: &str = "urn:oasis:names:tc:xacml:1.0:subject-category:access-subject";
pub const ENVIRONMENT: &str = "urn:oasis:names:tc:xacml:3.0:attribute-category:environment";

pub const PATIENT: &str = "urn:oasis:names:tc:xacml:2.0:resource:resource-id";
pub const HOLDER_KIND: &str = "urn:ihe:iti:appc:2016:document-entry:healthcare-facility-type-code";
pub const HOLDER: &str = "urn:ihe:iti:appc:2016:author-institution:id";
pub const EVENT: &str = "urn:ihe:iti:appc:2016:document-entry:event-code";
pub const ROLE: &str = "urn:oasis:names:tc:xacml:2.0:subject:role";
pub const PROFESSIONAL: &str = "urn:ihe:iti:xua:2017:subject:provider-identifier";
pub const MANDATED: &str = "urn:nl:otv:names:tc:1.0:subject:mandated";
pub const USER: &str = "urn:nl:otv:names:tc:1.0:subject:provider-institution";
pub const USER_KIND: &str = "urn:nl:otv:names:tc:1.0:subject:consulting-healthcare-facility-type-code";
pub const PURPOSE: &str = "urn:oasis:names:tc:xspa:1.0:subject:purposeofuse";

pub const BSN_OID: &str = "2.16.840.1.113883.2.4.6.3";
pub const URA_OID: &str = "2.16.528.1.1007.3.3";
pub const ROLE_OID: &str = "2.16.840.1.113883.2.4.15.111";
pub const KIND_OID: &str = "2.16.840.1.113883.2.4.15.1060";
pub const EVENT_OID: &str = "2.16.840.1.113883.2.4.3.111.5.10.1";
pub const PURPOSE_OID: &str = "2.16.840.1.113883.1.11.20448";

pub const CLOSED_ACTION: &str = "XACMLAuthorizationDecisionQueryRequest";
pub const CLOSED_ANSWER: &str = "http://schemas.otv.nl/toestemmingsregister/XACMLAuthzDecisionQuery/IGeslotenAutorisatievraagService/XACMLAuthzDecisionQueryResponse";
pub const OPEN_ACTION: &str = "urn:ihe:iti:2009:PatientLocationQuery";
pub const OPEN_ANSWER: &str = "urn:ihe:iti:2009:PatientLocationQueryResponse";
pub const AUDIENCE: &str = "urn:oid:2.16.840.1.113883.2.4.3.111.2.1";
