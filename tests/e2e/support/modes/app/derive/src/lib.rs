//! A procedural macro of the project's own, with external crates.

/// Says how many fields there are.
#[proc_macro_derive(Fields)]
pub fn fields(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input = syn::parse_macro_input!(input as syn::DeriveInput);
    let syn::Data::Struct(data) = &input.data else {
        panic!("no struct");
    };
    let (name, count) = (&input.ident, data.fields.len());
    quote::quote! { impl #name { const FIELDS: usize = #count; } }.into()
}
