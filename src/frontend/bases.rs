//! Base images: their digests, so that planning and building mean the same one, and their configs.

use crate::gateway::{Failure, Gateway, ResolveImage, Resolved};
use crate::image_ref::{ImageRef, InvalidImageRef};
use crate::options::Options;
use crate::plan::ImageInfo;
use crate::platform::Platform;
use crate::spec::{ImageBase, ImageSpec};
use std::collections::BTreeMap;

/// Resolves the images that an image of the spec is built in and on, by the reference that the spec gives.
pub(super) async fn resolve(
    gateway: &Gateway,
    options: &Options,
    image: &ImageSpec,
    platform: &Platform,
    build_platform: &Platform,
) -> Result<BTreeMap<String, ImageInfo>, Failure> {
    let mut wanted = vec![(image.build.base.value.clone(), build_platform)];
    if let ImageBase::Reference(reference) = &image.image.base.value {
        wanted.push((reference.clone(), platform));
    }
    let mut found = BTreeMap::new();
    for (written, platform) in wanted {
        let invalid = |error: InvalidImageRef| Failure::Internal(error.to_string());
        let name: ImageRef = written.parse().map_err(invalid)?;
        let request = ResolveImage {
            reference: name.to_string(),
            platform: Some(platform.clone()),
            mode: options.resolve_mode,
            log_name: format!("[internal] load metadata for {name}"),
            layout: None,
        };
        let Resolved::Image(image) = gateway.resolve_image(&request).await? else {
            return Err(Failure::Internal(format!("{written} is no image")));
        };
        let reference = match &image.digest {
            Some(digest) => name.with_digest(digest).to_string(),
            // A classic dockerd has no digest for an image that it never pulled.
            None => name.to_string(),
        };
        found.insert(
            written,
            ImageInfo {
                reference,
                config: image.config,
            },
        );
    }
    Ok(found)
}
