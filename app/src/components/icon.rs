//! Pictures.

use leptos::prelude::*;

/// The pictures there are. Lines of one weight on a grid of 24.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Picture {
    ArrowLeft,
    ArrowRight,
    Calendar,
    Check,
    Clock,
    Close,
    Copy,
    Download,
    Globe,
    Mail,
    Pin,
    Phone,
    Plus,
    Price,
    Redo,
    Search,
    Trash,
    Undo,
    User,
    Video,
}

/// A picture beside a text, or in a button that has a label of its own; it says nothing to a screen reader.
#[component]
pub fn Icon(
    /// Which one.
    picture: Picture,
) -> impl IntoView {
    let path = match picture {
        Picture::ArrowLeft => "M15 5l-7 7 7 7",
        Picture::ArrowRight => "M9 5l7 7-7 7",
        Picture::Calendar => "M4 6h16v14H4zM4 10.5h16M8.5 3v5M15.5 3v5",
        Picture::Check => "M5 12.5l4.5 4.5L19 7.5",
        Picture::Clock => "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM12 7.5V12l3 2.5",
        Picture::Close => "M6 6l12 12M18 6L6 18",
        Picture::Copy => "M9 9h11v11H9zM15 9V4H4v11h5",
        Picture::Download => "M12 4v11M7.5 11l4.5 4.5 4.5-4.5M5 20h14",
        Picture::Globe => {
            "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM3.5 12h17M12 3.5c5 5.5 5 11.5 0 17M12 3.500c-5 5.5-5 11.5 0 17"
        }
        Picture::Mail => "M3.5 6h17v12.500h-17zM4 6.500l8 6.5 8-6.5",
        Picture::Pin => {
            "M12 21c4.5-5 6.5-8 6.5-11a6.5 6.5 0 0 0-13 0c0 3 2 6 6.5 11zM12 7.800a2.3 2.3 0 1 0 0 4.6 2.3 2.3 0 0 0 0-4.600z"
        }
        Picture::Phone => "M5 4h4l1.5 4.500L8 10.500a12 12 0 0 0 5.5 5.500l2-2.500L20 15v4c-9 1.5-16.5-6-15-15z",
        Picture::Plus => "M12 5v14M5 12h14",
        Picture::Price => "M4 12.500V4h8.500l8 8-8.5 8.500zM8.3 8.300h.01",
        Picture::Redo => "M19 9H9.500a5.5 5.5 0 0 0 0 11H14M15.5 5.500L19 9l-3.5 3.5",
        Picture::Search => "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.500L20.5 20.5",
        Picture::Trash => "M4.5 7h15M9.5 7V4h5v3M6.5 7l1 13h9l1-13M10.3 11v5.500M13.7 11v5.5",
        Picture::Undo => "M5 9h9.500a5.5 5.5 0 0 1 0 11H10M8.5 5.500L5 9l3.5 3.5",
        Picture::User => "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4.5 20.500c.5-4 3.5-6 7.5-6s7 2 7.5 6",
        Picture::Video => "M3.5 6.500h12v11h-12zM15.5 11l5-3v8l-5-3",
    };
    view! {
        <svg
            class="icon"
            viewBox="0 0 24 24"
            width="20"
            height="20"
            fill="none"
            stroke="currentColor"
            stroke-width="1.6"
            stroke-linecap="round"
            stroke-linejoin="round"
            aria-hidden="true"
            focusable="false"
        >
            <path d=path></path>
        </svg>
    }
}
