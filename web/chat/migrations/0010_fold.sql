-- search is the names as searches compare them. From now on, marks make no difference: "nguyen" finds "Nguyễn".
UPDATE user SET search = fold_marks(search);
