"""Who is shown: finding faces, following them, matching them with the enrolled gallery."""
