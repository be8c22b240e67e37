pub fn matches(
    _version: crate::version::FhirVersion,
    _resource_type: crate::interaction::ResourceType,
    _resource: &crate::resource::Resource,
    _query: &super::SearchQuery,
) -> Result<bool, super::SearchFault> {
    todo!()
}
