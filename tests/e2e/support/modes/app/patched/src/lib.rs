//! Takes the place of the crate of this name.

#[macro_export]
macro_rules! cfg_if {
    ($(if #[cfg($test:meta)] { $($yes:tt)* })else+ else { $($no:tt)* }) => {
        $crate::cfg_if! { @ () $(($test) ($($yes)*))+ (()) ($($no)*) }
    };
    (@ ($($not:meta),*) (()) ($($no:tt)*)) => {
        $crate::cfg_if! { & #[cfg(not(any($($not),*)))] $($no)* }
    };
    (@ ($($not:meta),*) ($test:meta) ($($yes:tt)*) $($rest:tt)+) => {
        $crate::cfg_if! { & #[cfg(all($test, not(any($($not),*))))] $($yes)* }
        $crate::cfg_if! { @ ($($not,)* $test) $($rest)+ }
    };
    (& #[$cfg:meta] $($item:tt)*) => {
        #[$cfg]
        $crate::cfg_if! { = $($item)* }
    };
    (= $($item:tt)*) => { $($item)* };
}
